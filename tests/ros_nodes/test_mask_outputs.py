"""The track node's label images across processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
from sensor_msgs.msg import Image

from tests.ros_nodes.camera_images import stamp
from tests.ros_nodes.test_track_node import NODE, film  # noqa: F401

pytestmark = pytest.mark.ros


def numbers(message: Image) -> np.ndarray:
    return np.frombuffer(message.data, "<u2").reshape(message.height, message.width)


def test_a_label_image_for_every_image_says_the_number_of_each_pixel(film, listener):  # noqa: F811
    film = film("query:=red", "queries:=[green]", "masks:=grabcut")
    film.spots["green"] = [300, 300]
    listener.listen(Image, "tracked_masks")
    images = listener.received["tracked_masks"]
    red, green = film.until(lambda: film.seen("red") and film.seen("green") and images and (
        film.seen("red"), film.seen("green")))  # fmt: skip
    film.step()
    listener.wait(lambda: stamp(images[-1]) == film.stamps[-1] == stamp(film.tracks[-1]))
    message = images[-1]
    assert (message.encoding, message.height, message.width) == ("mono16", 480, 640)
    assert message.header.frame_id == film.tracks[-1].header.frame_id
    assert set(np.unique(numbers(message))) == {0, red.object_id, green.object_id}
    for colour, track in (("red", red), ("green", green)):
        rows, columns = np.nonzero(numbers(message) == track.object_id)
        assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx(film.spots[colour], abs=3)
    assert not listener.set_parameter("masks", "sam2", node=NODE).successful  # read on configure


def test_weights_that_are_not_there_are_named(start, tmp_path: Path):
    from tests.ros_nodes.test_track_node import PROCESS

    words = ("query:=red", "masks:=sam2", f"masks_weights:={tmp_path}")
    node = start(PROCESS, "--ros-args", *(word for each in words for word in ("-p", each)))
    node.expected_exit = node.process.wait(120)
    assert node.expected_exit not in (0, None)
    assert "cannot be loaded as a SAM 2 video model" in node.stderr
