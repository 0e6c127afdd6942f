"""The examples and the installed node together: camera, node and printer as three processes."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw

import molmo_act
from tests.support.paths import ROOT

pytest.importorskip("rclpy", reason="needs the extra ros")
pytestmark = pytest.mark.ros

EXAMPLES = ROOT / "examples"
LINE = re.compile(r"camera_optical_frame \d+\.\d{3}: (.*)")
POINT = re.compile(r"[a-z ]+ #(\d+) at \((\d+\.\d), (\d+\.\d)\) score (\d\.\d\d)")


def printed_points(program) -> list[list[tuple[float, ...]]]:
    """The points of each line that a printer wrote before it ended with exit code 0."""
    assert program.process.wait(60) == 0, program.stderr
    lines = program.process.stdout.read().splitlines()
    assert all(LINE.fullmatch(line) for line in lines), lines
    return [[tuple(map(float, point)) for point in POINT.findall(line)] for line in lines]


@pytest.fixture
def folder(tmp_path):
    """A folder with two images, each with a red spot at another place, and a file that is none."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name, (x, y) in {"a.png": (100, 50), "b.png": (20, 200)}.items():
        rgb = np.full((240, 320, 3), 90, np.uint8)
        rgb[y - 4 : y + 5, x - 4 : x + 5] = (255, 0, 0)
        PillowImage.fromarray(rgb).save(folder / name)
    (folder / "notes.txt").write_text("not an image")
    return folder


@pytest.mark.parametrize("flags", [[], ["--compressed"]])
def test_folder_of_images_becomes_printed_points(start, blob_node, folder, flags):
    printer = start(EXAMPLES / "ros_print_points.py", "--query", "red", "--count", 6, "--timeout", 50)
    blob_node()
    start(EXAMPLES / "ros_camera.py", folder, "--rate", 20, *flags)
    found = np.array([point[1:3] for line in printed_points(printer) for point in line])
    spots = np.array([[100.0, 50.0], [20.0, 200.0]])
    distances = np.linalg.norm(found[:, None] - spots, axis=2)
    assert distances.min(axis=1).max() < 1.5, "JPEG blurs the spot's edges"
    assert set(distances.argmin(axis=1)) == {0, 1}


def test_printer_gives_up_after_its_timeout(start):
    printer = start(EXAMPLES / "ros_print_points.py", "--count", 1, "--timeout", 0.5)
    printer.expected_exit = 1
    assert printer.process.wait(60) == 1
    assert "only 0 images with points in 0.5 s" in printer.stderr


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("missing.png", "missing.png"),  # does not exist
        ("empty", "holds no image"),  # a folder without one
    ],
)
def test_camera_without_images_says_so(start, tmp_path, source, told):
    (tmp_path / "empty").mkdir()
    camera = start(EXAMPLES / "ros_camera.py", tmp_path / source)
    camera.expected_exit = 2
    assert camera.process.wait(60) == 2
    assert told in camera.stderr


@pytest.mark.slow
def test_bundled_checkpoint_says_on_the_topic_what_it_says_in_python(start, listener, tmp_path):
    image = PillowImage.new("RGB", (320, 240), (150, 150, 150))
    ImageDraw.Draw(image).ellipse([180, 60, 260, 140], fill=(210, 30, 30))
    image.save(tmp_path / "disc.png")
    expected = molmo_act.load(device="cpu").point(tmp_path / "disc.png", "red circle")
    assert len(expected), "nothing found: the comparison would say nothing"

    parameters = ["-p", "query:=red circle", "-p", "device:=cpu"]
    start("-m", "molmo_act_ros", "point_node", "--ros-args", *parameters)
    start(EXAMPLES / "ros_camera.py", tmp_path / "disc.png", "--rate", 2)
    found = listener.wait(lambda: listener.received["pointed_pixels"], timeout=120)[-1].points
    np.testing.assert_allclose([[point.u, point.v] for point in found], expected.xy - 0.5, atol=0.01)
    np.testing.assert_allclose([point.score for point in found], expected.score, atol=0.01)
    assert [point.object_id for point in found] == expected.object_id.tolist()
