"""Bags in both formats get their points; the model here finds strong colours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures

pytest.importorskip("rosbags", reason="needs the extra bags")
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from molmo_act.errors import InputError
from molmo_act.points import Points
from ros_nodes import bag as tool
from ros_nodes.bag import Wanted, point_in_bag
from ros_nodes.pixels import compressed_to_rgb

ROOT = Path(__file__).parents[2]
COLOURS = {"red": 0, "green": 1, "blue": 2}
TOPIC = "/camera/color/image_raw"
COUNT = 6


class ColourModel:
    def point(self, image: np.ndarray, queries: list[str], **bounds) -> list[Points]:
        return [self.answer(image, query, **bounds) for query in queries]

    def answer(self, image, query, max_points, min_score) -> Points:
        if query == "trouble":
            raise RuntimeError("out of memory")
        channel = image[..., COLOURS[query]].astype(int)
        rows, columns = np.nonzero(channel - np.delete(image, COLOURS[query], axis=2).max(axis=2) > 60)
        xy = [[columns.mean() + 0.5, rows.mean() + 0.5]] if len(rows) else []
        size = [image.shape[1::-1]]
        return Points(xy=xy, score=[0.75] * len(xy), image_size=size, query=query, absent=0.125)


@pytest.fixture(scope="module", params=["sqlite3", "mcap"])
def recorded(request, tmp_path_factory) -> Path:
    bag = tmp_path_factory.mktemp(request.param) / "camera"
    made = subprocess.run(
        [
            *(sys.executable, ROOT / "examples/ros_make_bag.py", bag),
            *("--storage", request.param, "--seconds", str(COUNT / 10)),
        ],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert made.stdout == f"{bag}: {COUNT} pictures with depth\n"
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
    counts = point_in_bag(recorded, out, ColourModel(), Wanted(["red", "blue"]))
    assert counts == {"pictures": COUNT, "with points": COUNT}
    before, after = read(recorded), read(out)
    assert [m for m in after if m[0] != f"{TOPIC}/pointed_pixels"] == before
    assert {file.suffix for file in out.iterdir()} == {file.suffix for file in recorded.iterdir()}

    pictures, found = messages(out, TOPIC), messages(out, f"{TOPIC}/pointed_pixels")
    assert [message.query for message in found] == ["red", "blue"] * COUNT
    assert [message.query_id for message in found] == [1, 2] * COUNT
    assert [point.object_id for message in found for point in message.points] == [1, 2] * COUNT
    for message, picture in zip(found, [p for p in pictures for _ in range(2)], strict=True):
        assert repr(message.header) == repr(picture.header)
        assert (message.width, message.height, message.absent) == (320, 240, 0.125)
        (point,) = message.points
        shown = picture.data.reshape(240, 320, 3)[int(point.v), int(point.u)]
        assert shown.argmax() == COLOURS[message.query]
        assert (point.score, point.label, point.visible, point.source) == (0.75, message.query, True, 0)
    assert [p.name for p in tmp_path.iterdir()] == ["with points"]


@pytest.mark.ros
def test_ros_reads_what_was_written(ros, recorded, tmp_path):
    types = pytest.importorskip("molmo_act_interfaces.msg", reason="built by `make setup`")
    from rclpy.serialization import deserialize_message

    out = tmp_path / "out"
    point_in_bag(recorded, out, ColourModel(), Wanted(["red"]))
    raw = next(raw for topic, _, _, raw in read(out) if topic.endswith("pointed_pixels"))
    message = deserialize_message(raw, types.PointedPixels)
    assert message.query == "red"
    assert len(message.points) == 1
    described = json.loads(
        (Path(sys.prefix) / "share/molmo_act_interfaces/msg/PointedPixels.json").read_text()
    )["type_hashes"]
    ours = next(one["hash_string"] for one in described if one["type_name"].endswith("/PointedPixels"))
    with AnyReader([out]) as reader:
        assert reader.typestore.hash_rihs01("molmo_act_interfaces/msg/PointedPixels") == ours


def test_options_change_the_format_and_the_pictures(recorded, tmp_path):
    out = tmp_path / "out"
    other = {".db3": "mcap", ".mcap": "sqlite3"}[
        next(file.suffix for file in recorded.iterdir() if file.suffix != ".yaml")
    ]
    wanted = Wanted(["red"], topic=TOPIC, every=4, overlay=True, storage=other)
    assert point_in_bag(recorded, out, ColourModel(), wanted) == {"pictures": COUNT, "with points": 2}
    assert {file.suffix for file in out.iterdir()} == {".yaml", {"mcap": ".mcap", "sqlite3": ".db3"}[other]}
    overlays = messages(out, f"{TOPIC}/overlay/compressed")
    assert len(overlays) == 2
    first = overlays[0]
    drawn = compressed_to_rgb(first).astype(int)
    plain = messages(out, TOPIC)[0].data.reshape(240, 320, 3)
    assert repr(first.header) == repr(messages(out, TOPIC)[0].header)
    assert (np.abs(drawn - plain).max(axis=2) > 60).sum() > 50, "a marker is there"
    assert len(messages(out, TOPIC)) == COUNT


def test_compressed_pictures_and_unreadable_ones(tmp_path, capsys):
    store = get_typestore(Stores.ROS2_JAZZY)
    types = store.types
    stamp = types["builtin_interfaces/msg/Time"](5, 0)
    header = types["std_msgs/msg/Header"](stamp, "camera")
    file = tmp_path / "red.png"
    Pictures.new("RGB", (32, 24), (250, 10, 10)).save(file)
    with Writer(tmp_path / "bag", version=8, storage_plugin=StoragePlugin.SQLITE3) as writer:
        kind = "sensor_msgs/msg/CompressedImage"
        connection = writer.add_connection("/image/compressed", kind, typestore=store)
        for number, data in enumerate((file.read_bytes(), b"no picture", file.read_bytes())):
            message = types[kind](header, "png", np.frombuffer(data, np.uint8))
            writer.write(connection, number, store.serialize_cdr(message, kind))
    counts = point_in_bag(tmp_path / "bag", tmp_path / "out", ColourModel(), Wanted(["red"]))
    assert counts == {"pictures": 3, "with points": 2, "unreadable": 1}
    assert "skipped a picture: CompressedImage" in capsys.readouterr().err
    found = messages(tmp_path / "out", "/image/compressed/pointed_pixels")
    assert [(message.points[0].u, message.points[0].v) for message in found] == [(16.0, 12.0)] * 2


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted(["red"], topic="/nothing"), "topics of pictures are: /camera/color/image_raw."),
        (
            Wanted(["red"], topic="/camera/depth/image_raw"),
            "topics of pictures are: /camera/color/image_raw.",
        ),
        (Wanted(["red"], every=0), "every is 0"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(recorded, tmp_path, wanted, told):
    with pytest.raises(InputError) as caught:
        point_in_bag(recorded, tmp_path / "out", ColourModel(), wanted)
    assert told in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_half_written_and_nothing_is_overwritten(recorded, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(RuntimeError, match="out of memory"):
        point_in_bag(recorded, out, ColourModel(), Wanted(["trouble"]))
    assert list(tmp_path.iterdir()) == []
    point_in_bag(recorded, out, ColourModel(), Wanted(["red"]))
    with pytest.raises(InputError, match="exists already"):
        point_in_bag(recorded, out, ColourModel(), Wanted(["red"]))
    with pytest.raises(InputError, match="already holds /camera/color/image_raw/pointed_pixels"):
        point_in_bag(out, tmp_path / "again", ColourModel(), Wanted(["red"]))
    with pytest.raises(InputError, match="is no folder"):
        point_in_bag(recorded, tmp_path / "no" / "where", ColourModel(), Wanted(["red"]))


def test_what_is_no_bag_or_was_cut_short_is_refused(recorded, tmp_path):
    with pytest.raises(InputError, match="is no bag"):
        point_in_bag(tmp_path, tmp_path / "out", ColourModel(), Wanted(["red"]))
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in recorded.iterdir():
        data = file.read_bytes()
        (broken / file.name).write_bytes(data if file.suffix == ".yaml" else data[: len(data) // 2])
    with pytest.raises(InputError, match="cannot be read"):
        point_in_bag(broken, tmp_path / "out", ColourModel(), Wanted(["red"]))
    assert not (tmp_path / "out").exists()


def test_the_program_uses_the_model_and_speaks_plainly(recorded, tmp_path, monkeypatch, capsys):
    import molmo_act

    asked = []
    monkeypatch.setattr(molmo_act, "load", lambda *a, **b: asked.append((a, b)) or ColourModel())
    out = tmp_path / "out"
    words = ["molmo-act-bag", str(recorded), "red", "--out", str(out), "--model", "m", "--device", "cpu"]
    assert tool.main(words) == 0
    assert asked == [(("m",), {"device": "cpu"})]
    assert capsys.readouterr().out == f"{out}: {COUNT} pictures, {COUNT} with points\n"
    assert tool.main(words) == 2
    assert capsys.readouterr().err.strip() == f"molmo-act-bag: {out} exists already; give another --out."


@pytest.mark.parametrize("recorded", ["mcap"], indirect=True)
def test_the_tutorial_of_the_readme_with_the_bundled_checkpoint(recorded, tmp_path):
    """Its very words, on fewer pictures."""
    out = tmp_path / "out"
    words = ["molmo-act-bag", str(recorded), "red circle", "blue circle", "--overlay", "--out", str(out)]
    assert tool.main([*words, "--every", "5"]) == 0
    pictures = [message.data.reshape(240, 320, 3) for message in messages(out, TOPIC)]
    found = messages(out, f"{TOPIC}/pointed_pixels")
    assert len(found) == 2 * len(messages(out, f"{TOPIC}/overlay/compressed")) == 2 * len(pictures[::5])
    for message, picture in zip(found, [p for p in pictures[::5] for _ in range(2)], strict=True):
        shown = [picture[int(point.v), int(point.u)].argmax() for point in message.points]
        assert shown == [COLOURS[message.query.removesuffix(" circle")]], message.query


def test_without_rosbags_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "rosbags", None)
    assert tool.main(["molmo-act-bag", "bag", "red"]) == 2
    assert 'pip install "molmo-act[bags]"' in capsys.readouterr().err
