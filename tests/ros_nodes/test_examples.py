"""The examples and the installed node together: camera, node and printer as three processes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures
from PIL import ImageDraw

import molmo_act
import ros_nodes

pytest.importorskip("rclpy", reason="needs the extra ros")
from ros_nodes.convert import cloud_to_rows

pytestmark = pytest.mark.ros

ROOT = Path(ros_nodes.__file__).parents[1]
EXAMPLES = ROOT / "examples"
LINE = re.compile(r"camera_optical_frame \d+\.\d{3}: (.*)")
POINT = re.compile(r"#(\d+) at \((\d+\.\d), (\d+\.\d)\) score (\d\.\d\d)")


def printed_points(program) -> list[list[tuple[float, ...]]]:
    """The points of each line that a printer wrote before it ended with exit code 0."""
    assert program.process.wait(60) == 0, program.stderr
    lines = program.process.stdout.read().splitlines()
    assert all(LINE.fullmatch(line) for line in lines), lines
    return [[tuple(map(float, point)) for point in POINT.findall(line)] for line in lines]


@pytest.fixture
def folder(tmp_path):
    """A folder with two pictures, each with a red spot at another place, and a file that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, (x, y) in {"a.png": (100, 50), "b.png": (20, 200)}.items():
        rgb = np.full((240, 320, 3), 90, np.uint8)
        rgb[y - 4 : y + 5, x - 4 : x + 5] = (255, 0, 0)
        Pictures.fromarray(rgb).save(folder / name)
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.mark.parametrize("flags", [[], ["--compressed"]])
def test_folder_of_pictures_becomes_printed_points(start, blob_node, folder, flags):
    printer = start(EXAMPLES / "ros_print_points.py", "--query", "red", "--count", 6, "--timeout", 50)
    blob_node()
    start(EXAMPLES / "ros_camera.py", folder, "--rate", 20, *flags)
    found = np.array([point[1:3] for line in printed_points(printer) for point in line])
    spots = np.array([[100.5, 50.5], [20.5, 200.5]])
    distances = np.linalg.norm(found[:, None] - spots, axis=2)
    assert distances.min(axis=1).max() < 1.5, "JPEG blurs the spot's edges"
    assert set(distances.argmin(axis=1)) == {0, 1}


def test_printer_gives_up_after_its_timeout(start):
    printer = start(EXAMPLES / "ros_print_points.py", "--count", 1, "--timeout", 0.5)
    printer.expected_exit = 1
    assert printer.process.wait(60) == 1
    assert "only 0 pictures with points in 0.5 s" in printer.stderr


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("missing.png", "missing.png"),  # does not exist
        ("empty", "holds no picture"),  # a folder without one
    ],
)
def test_camera_without_pictures_says_so(start, tmp_path, source, told):
    (tmp_path / "empty").mkdir()
    camera = start(EXAMPLES / "ros_camera.py", tmp_path / source)
    camera.expected_exit = 2
    assert camera.process.wait(60) == 2
    assert told in camera.stderr


def test_bundled_checkpoint_says_on_the_topic_what_it_says_in_python(start, listener, tmp_path):
    picture = Pictures.new("RGB", (320, 240), (150, 150, 150))
    ImageDraw.Draw(picture).ellipse([180, 60, 260, 140], fill=(210, 30, 30))
    picture.save(tmp_path / "disc.png")
    expected = molmo_act.load(device="cpu").point(tmp_path / "disc.png", "red circle")
    assert len(expected), "nothing found: the comparison would say nothing"

    parameters = ["-p", "query:=red circle", "-p", "device:=cpu"]
    start("-m", "ros_nodes.point_node", "--ros-args", *parameters)
    start(EXAMPLES / "ros_camera.py", tmp_path / "disc.png", "--rate", 2)
    cloud = listener.wait(lambda: listener.received["points"], timeout=120)[-1]
    rows = cloud_to_rows(cloud)
    np.testing.assert_allclose(np.column_stack([rows["u"], rows["v"]]), expected.xy, atol=0.01)
    np.testing.assert_allclose(rows["score"], expected.score, atol=0.01)
    assert rows["id"].tolist() == expected.object_id.tolist()
