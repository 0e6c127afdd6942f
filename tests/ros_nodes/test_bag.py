"""Bags in both formats get their points; the model here finds strong colours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

pytest.importorskip("rosbags", reason="needs the extra bags")
from molmo_act_ros import bag as tool
from molmo_act_ros.bag import BagOptions, point_in_bag
from molmo_act_ros.conversions.compressed_images import compressed_to_rgb
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from molmo_act._install import install_command
from molmo_act.errors import InputError
from molmo_act.outputs.points import Points
from tests.support.blob_model import BlobFinder, Place
from tests.support.paths import ROOT, SOURCES

COLOURS = {"red": 0, "green": 1, "blue": 2}
TOPIC = "/camera/color/image_raw"
COUNT = 6


class ColourModel(BlobFinder):
    """Points at the middle of everything in which one channel is much stronger than the others."""

    def places(self, pixels: np.ndarray, query: str) -> list[Place]:
        if query == "trouble":
            raise RuntimeError("out of memory")
        channel = pixels[..., COLOURS[query]].astype(int)
        rows, columns = np.nonzero(channel - np.delete(pixels, COLOURS[query], axis=2).max(axis=2) > 60)
        return [((columns.mean() + 0.5, rows.mean() + 0.5), 0.75)] if len(rows) else []

    def given(self, **bounds) -> None:
        """Replaced by tests that look at what the model is asked with."""

    def answer(self, pixels: np.ndarray, query: str, **bounds) -> Points:
        self.given(**bounds)
        return replace(super().answer(pixels, query, **bounds), absent=0.125)


@pytest.fixture(scope="module", params=["sqlite3", "mcap"])
def recorded(request, tmp_path_factory) -> Path:
    bag = tmp_path_factory.mktemp(request.param) / "camera"
    made = subprocess.run(
        [
            *(sys.executable, ROOT / "examples/ros_make_bag.py", bag),
            *("--storage", request.param, "--seconds", str(COUNT / 10)),
        ],
        env={"PYTHONPATH": SOURCES, "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert made.stdout == f"{bag}: {COUNT} images with depth\n"
    return bag


def read(bag: Path) -> list[tuple[str, str, int, bytes]]:
    with AnyReader([bag]) as reader:
        return [(c.topic, c.msgtype, time, bytes(raw)) for c, time, raw in reader.messages()]


def messages(bag: Path, topic: str) -> list:
    with AnyReader([bag]) as reader:
        found = [c for c in reader.connections if c.topic == topic]
        return [reader.deserialize(raw, c.msgtype) for c, _, raw in reader.messages(found)]


def test_points_are_added_and_nothing_else_changes(recorded, tmp_path):
    out = tmp_path / "with points"
    counts = point_in_bag(recorded, out, ColourModel(), BagOptions(["red", "blue"]))
    assert counts == {"images": COUNT, "with points": COUNT}
    before, after = read(recorded), read(out)
    assert [m for m in after if m[0] != f"{TOPIC}/pointed_pixels"] == before
    assert {file.suffix for file in out.iterdir()} == {file.suffix for file in recorded.iterdir()}

    images, found = messages(out, TOPIC), messages(out, f"{TOPIC}/pointed_pixels")
    assert len(found) == COUNT
    for message, image in zip(found, images, strict=True):
        assert repr(message.header) == repr(image.header)
        assert (message.width, message.height, message.node) == (320, 240, "/molmo_act_bag")
        assert [(q.query, q.query_id, q.absent) for q in message.queries] == [
            ("red", 1, 0.125),
            ("blue", 2, 0.125),
        ]
        assert [(p.label, p.query_id, p.object_id) for p in message.points] == [("red", 1, 1), ("blue", 2, 2)]
        for point in message.points:
            shown = image.data.reshape(240, 320, 3)[round(point.v), round(point.u)]
            assert shown.argmax() == COLOURS[point.label]
            assert (point.score, point.visible, point.source) == (0.75, True, 0)
    assert [p.name for p in tmp_path.iterdir()] == ["with points"]


@pytest.mark.ros
def test_ros_reads_what_was_written(ros, recorded, tmp_path):
    types = pytest.importorskip("molmo_act_interfaces.msg", reason="built by `make setup`")
    from rclpy.serialization import deserialize_message

    out = tmp_path / "out"
    point_in_bag(recorded, out, ColourModel(), BagOptions(["red"]))
    raw = next(raw for topic, _, _, raw in read(out) if topic.endswith("pointed_pixels"))
    message = deserialize_message(raw, types.PointedPixels)
    assert [each.query for each in message.queries] == ["red"]
    assert len(message.points) == 1
    described = json.loads(
        (Path(sys.prefix) / "share/molmo_act_interfaces/msg/PointedPixels.json").read_text()
    )["type_hashes"]
    ours = next(one["hash_string"] for one in described if one["type_name"].endswith("/PointedPixels"))
    with AnyReader([out]) as reader:
        assert reader.typestore.hash_rihs01("molmo_act_interfaces/msg/PointedPixels") == ours


def test_options_change_the_format_and_the_images(recorded, tmp_path):
    out = tmp_path / "out"
    other = {".db3": "mcap", ".mcap": "sqlite3"}[
        next(file.suffix for file in recorded.iterdir() if file.suffix != ".yaml")
    ]
    wanted = BagOptions(["red"], topic=TOPIC, every=4, overlay=True, storage=other)
    assert point_in_bag(recorded, out, ColourModel(), wanted) == {"images": COUNT, "with points": 2}
    assert {file.suffix for file in out.iterdir()} == {".yaml", {"mcap": ".mcap", "sqlite3": ".db3"}[other]}
    overlays = messages(out, f"{TOPIC}/overlay/compressed")
    assert len(overlays) == 2
    first = overlays[0]
    drawn = compressed_to_rgb(first).astype(int)
    plain = messages(out, TOPIC)[0].data.reshape(240, 320, 3)
    assert repr(first.header) == repr(messages(out, TOPIC)[0].header)
    assert (np.abs(drawn - plain).max(axis=2) > 60).sum() > 50, "a marker is there"
    assert len(messages(out, TOPIC)) == COUNT


def test_compressed_images_and_unreadable_ones(tmp_path, capsys):
    store = get_typestore(Stores.ROS2_JAZZY)
    types = store.types
    stamp = types["builtin_interfaces/msg/Time"](5, 0)
    header = types["std_msgs/msg/Header"](stamp, "camera")
    file = tmp_path / "red.png"
    PillowImage.new("RGB", (32, 24), (250, 10, 10)).save(file)
    with Writer(tmp_path / "bag", version=8, storage_plugin=StoragePlugin.SQLITE3) as writer:
        kind = "sensor_msgs/msg/CompressedImage"
        connection = writer.add_connection("/image/compressed", kind, typestore=store)
        for number, data in enumerate((file.read_bytes(), b"no image", file.read_bytes())):
            message = types[kind](header, "png", np.frombuffer(data, np.uint8))
            writer.write(connection, number, store.serialize_cdr(message, kind))
    counts = point_in_bag(tmp_path / "bag", tmp_path / "out", ColourModel(), BagOptions(["red"]))
    assert counts == {"images": 3, "with points": 2, "unreadable": 1}
    assert "skipped an image: CompressedImage" in capsys.readouterr().err
    found = messages(tmp_path / "out", "/image/compressed/pointed_pixels")
    assert [(message.points[0].u, message.points[0].v) for message in found] == [(15.5, 11.5)] * 2


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (BagOptions(["red"], topic="/nothing"), "topics of images are: /camera/color/image_raw."),
        (
            BagOptions(["red"], topic="/camera/depth/image_raw"),
            "topics of images are: /camera/color/image_raw.",
        ),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(recorded, tmp_path, wanted, told):
    with pytest.raises(InputError) as caught:
        point_in_bag(recorded, tmp_path / "out", ColourModel(), wanted)
    assert told in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_options_that_cannot_be_used_are_refused():
    with pytest.raises(InputError, match="every is 0; expected 1 or more"):
        BagOptions(["red"], every=0)
    BagOptions([f"query {number}" for number in range(64)])
    with pytest.raises(InputError, match="There are 65 queries; expected at most 64"):
        BagOptions([f"query {number}" for number in range(65)])


def test_a_bag_is_not_written_into_the_one_that_is_read(recorded, tmp_path):
    before = sorted(recorded.iterdir())
    for out in (
        recorded / "out",
        recorded,
        recorded / "deep" / "out",
        recorded.parent / "x" / ".." / "camera",
    ):
        with pytest.raises(InputError, match="is inside of the bag"):
            point_in_bag(recorded, out, ColourModel(), BagOptions(["red"]))
    link = tmp_path / "link"
    link.symlink_to(recorded)
    with pytest.raises(InputError, match="is inside of the bag"):
        point_in_bag(recorded, link / "out", ColourModel(), BagOptions(["red"]))
    assert sorted(recorded.iterdir()) == before


def test_nothing_is_left_half_written_and_nothing_is_overwritten(recorded, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(RuntimeError, match="out of memory"):
        point_in_bag(recorded, out, ColourModel(), BagOptions(["trouble"]))
    assert list(tmp_path.iterdir()) == []
    point_in_bag(recorded, out, ColourModel(), BagOptions(["red"]))
    with pytest.raises(InputError, match="exists already"):
        point_in_bag(recorded, out, ColourModel(), BagOptions(["red"]))
    with pytest.raises(InputError, match="already holds /camera/color/image_raw/pointed_pixels"):
        point_in_bag(out, tmp_path / "again", ColourModel(), BagOptions(["red"]))
    with pytest.raises(InputError, match="is no folder"):
        point_in_bag(recorded, tmp_path / "no" / "where", ColourModel(), BagOptions(["red"]))


def test_what_is_no_bag_or_was_cut_short_is_refused(recorded, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="is no bag"):
        point_in_bag(empty, tmp_path / "out", ColourModel(), BagOptions(["red"]))
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in recorded.iterdir():
        data = file.read_bytes()
        (broken / file.name).write_bytes(data if file.suffix == ".yaml" else data[: len(data) // 2])
    file = next(file for file in broken.iterdir() if file.suffix != ".yaml")
    with pytest.raises(InputError) as caught:
        point_in_bag(broken, tmp_path / "out", ColourModel(), BagOptions(["red"]))
    assert str(caught.value).startswith(f"{file} cannot be read: ")
    assert {".db3": f"sqlite3 {file} .recover", ".mcap": f"mcap recover {file}"}[file.suffix] in str(
        caught.value
    )
    assert not (tmp_path / "out").exists()


def test_the_program_uses_the_model_and_speaks_plainly(recorded, tmp_path, monkeypatch, capsys):
    import molmo_act

    asked, bounds = [], {}
    monkeypatch.setattr(molmo_act, "load", lambda *a, **b: asked.append((a, b)) or ColourModel())
    monkeypatch.setattr(ColourModel, "given", lambda self, **options: bounds.update(options))
    out = tmp_path / "out"
    words = ["molmo-act-bag", str(recorded), "red", "--out", str(out), "--model", "m", "--device", "cpu"]
    words += ["--quantization", "int8", "--max-crops", "4", "--exactly", "1", "--sensor-bits", "12"]
    assert tool.main(words) == 0
    assert asked == [(("m",), {"device": "cpu", "dtype": None, "quantization": "int8"})]
    assert bounds == {"max_crops": 4, "exactly": 1, "max_points": None, "min_score": 0.0}
    assert capsys.readouterr().out == f"{out}: {COUNT} images, {COUNT} with points\n"
    assert tool.main(words) == 2
    assert capsys.readouterr().err.strip() == f"molmo-act-bag: {out} exists already; give another --out."
    assert len(asked) == 1, "the model is loaded once the bag is open"


IMAGE, PLAIN = "sensor_msgs/msg/Image", "/image"


def record_images(bag: Path, *images: tuple[str, bytes]) -> Path:
    """A bag of images of 2 × 2 pixels by encoding and data; of no encoding, the data of the whole message."""
    store = get_typestore(Stores.ROS2_JAZZY)
    types = store.types
    header = types["std_msgs/msg/Header"](types["builtin_interfaces/msg/Time"](5, 0), "camera")
    with Writer(bag, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection(PLAIN, IMAGE, typestore=store)
        for number, (encoding, data) in enumerate(images):
            raw = data
            if encoding:
                pixels = np.frombuffer(data, np.uint8)
                raw = store.serialize_cdr(
                    types[IMAGE](header, 2, 2, encoding, 0, len(data) // 2, pixels), IMAGE
                )
            writer.write(connection, number, raw)
    return bag


RED, WRONG = ("rgb8", bytes([250, 0, 0] * 4)), ("", b"\0\1\0\0no image")


@pytest.mark.parametrize("first", [("nv16", bytes(8)), WRONG, ("rgb8", b"short!")])
def test_a_first_image_that_cannot_be_read_costs_that_image(tmp_path, capsys, monkeypatch, first):
    import molmo_act

    bag = record_images(tmp_path / "bag", first, RED, first, RED)
    monkeypatch.setattr(molmo_act, "load", lambda *a, **b: ColourModel())
    assert tool.main(["molmo-act-bag", str(bag), "red"]) == 1, "not everything could be read"
    told = capsys.readouterr()
    assert told.out == f"{bag}_points: 4 images, 2 unreadable, 2 with points\n"
    assert told.err.count("skipped an image: ") == 1, "each reason once"
    assert len(messages(tmp_path / "bag_points", f"{PLAIN}/pointed_pixels")) == 2
    assert len(read(tmp_path / "bag_points")) == 6, "what cannot be read is copied as it is"


@pytest.mark.parametrize("images", [[("16UC1", bytes(8)), RED], [("nv16", bytes(8))], [WRONG], []])
def test_a_topic_without_colours_is_none_of_images(tmp_path, images):
    bag = record_images(tmp_path / "bag", *images)
    with pytest.raises(InputError, match="topics of images are: none at all"):
        point_in_bag(bag, tmp_path / "out", ColourModel(), BagOptions(["red"]))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("recorded", ["mcap"], indirect=True)
def test_the_tutorial_of_the_readme_with_the_bundled_checkpoint(recorded, tmp_path):
    """Its very words, on fewer images."""
    out = tmp_path / "out"
    words = ["molmo-act-bag", str(recorded), "red circle", "blue circle", "--overlay", "--out", str(out)]
    assert tool.main([*words, "--every", "5"]) == 0
    images = [message.data.reshape(240, 320, 3) for message in messages(out, TOPIC)]
    found = messages(out, f"{TOPIC}/pointed_pixels")
    assert len(found) == len(messages(out, f"{TOPIC}/overlay/compressed")) == len(images[::5])
    for message, image in zip(found, images[::5], strict=True):
        shown = {point.label: image[round(point.v), round(point.u)].argmax() for point in message.points}
        assert shown == {"red circle": COLOURS["red"], "blue circle": COLOURS["blue"]}


def test_without_rosbags_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "rosbags", None)
    assert tool.main(["molmo-act-bag", "bag", "red"]) == 2
    assert install_command("bags") in capsys.readouterr().err


def test_a_terminated_program_leaves_nothing(recorded, tmp_path):
    """In the middle of its work, as `docker stop` and a shutdown end it."""
    out = tmp_path / "out"
    program = [sys.executable, "-m", "molmo_act_ros.bag", recorded, "red circle", "--out", out]
    with subprocess.Popen(program, cwd=ROOT, env=os.environ | {"PYTHONPATH": SOURCES}) as running:
        deadline = time.monotonic() + 240  # it imports torch first
        while not any(tmp_path.iterdir()):
            assert time.monotonic() < deadline
            assert running.poll() is None
            time.sleep(0.01)
        running.terminate()
        assert running.wait(60) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []
