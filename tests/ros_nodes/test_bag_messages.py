"""Bags that are damaged in many ways: what can be read is worked on, and nothing is half written."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="needs the extra bags")
from molmo_act_ros import bag as tool
from molmo_act_ros.bag import BagOptions, point_in_bag
from molmo_act_ros.bag_files import opened_bag
from molmo_act_ros.bag_messages import BagMessages
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from molmo_act.errors import MolmoActError
from tests.ros_nodes.test_bag import IMAGE, ColourModel

COUNT, SIDE, TOPIC = 40, 48, "/camera/image_raw"
ROUNDS = int(os.environ.get("MOLMO_ACT_DAMAGE_ROUNDS", "40"))
STEP_NS = 100_000_000


def record(bag: Path, storage: str, side: int = SIDE) -> Path:
    """Images of one colour with a text after each, ten a second."""
    store = get_typestore(Stores.ROS2_JAZZY)
    types = store.types
    with Writer(bag, version=9, storage_plugin=StoragePlugin[storage.upper()]) as writer:
        images = writer.add_connection(TOPIC, IMAGE, typestore=store)
        texts = writer.add_connection("/text", "std_msgs/msg/String", typestore=store)
        for number in range(COUNT):
            when = 10**18 + number * STEP_NS
            stamp = types["builtin_interfaces/msg/Time"](when // 10**9, when % 10**9)
            header = types["std_msgs/msg/Header"](stamp, "camera")
            pixels = np.zeros((side, side, 3), np.uint8)
            pixels[..., number % 3] = 250
            image = types[IMAGE](header, side, side, "rgb8", 0, 3 * side, pixels.ravel())
            writer.write(images, when, store.serialize_cdr(image, IMAGE))
            text = types["std_msgs/msg/String"](f"number {number}")
            writer.write(texts, when + 1, store.serialize_cdr(text, "std_msgs/msg/String"))
    return bag


@pytest.fixture(scope="module", params=["sqlite3", "mcap"])
def whole(request, tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp(request.param) / "whole", request.param)


def storage_file(bag: Path) -> Path:
    return next((file for file in bag.iterdir() if file.suffix != ".yaml"), bag / "metadata.yaml")


def damage(bag: Path, dice: random.Random) -> str:
    """Flips bytes of a file of a bag, blanks a part of it, or cuts it; says what was done."""
    files = sorted(bag.iterdir())
    file = dice.choice([*files, storage_file(bag)] if len(files) > 1 else files)
    data = bytearray(file.read_bytes())
    kind = dice.choice(["flip", "flip", "flip many", "blank", "cut", "cut out", "remove"])
    place = dice.randrange(len(data))
    if kind == "remove":
        file.unlink()
        return f"{file.name}: removed"
    for _ in range({"flip": 1, "flip many": 30}.get(kind, 0)):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    end = min(len(data), place + dice.choice([1, 100, 5000]))
    if kind == "blank":
        data[place:end] = bytes(end - place)
    if kind == "cut":
        del data[place:]
    if kind == "cut out":
        del data[place:end]
    file.write_bytes(data)
    return f"{file.name}: {kind} at {place}"


def is_whole(bag: Path) -> bool:
    """Whether every message of a new bag can be read, as its metadata say."""
    with opened_bag(bag) as reader:
        found = BagMessages(reader)
        for connection, _, raw in found:
            if connection.topic.endswith("/pointed_pixels"):
                reader.deserialize(raw, connection.msgtype)
        return not found.lost and not found.problem and found.read == reader.message_count


def attempt(bag: Path, out: Path) -> tuple[Counter[str] | None, str]:
    """Works on a bag; gives the counts, or None and the error, which is one of the project."""
    try:
        return point_in_bag(bag, out, ColourModel(), BagOptions(["red"], overlay=True)), ""
    except MolmoActError as error:
        return None, str(error)


def test_whatever_is_damaged_the_new_bag_is_whole_or_absent(whole, tmp_path, capsys):
    """No exception but the project's own, which names a file of the bag or the bag."""
    ends = {"whole": 0, "refused": 0}
    for seed in range(ROUNDS):
        dice = random.Random(seed)
        folder = tmp_path / str(seed)
        bag = Path(shutil.copytree(whole, folder / "bag"))
        done = [damage(bag, dice) for _ in range(dice.choice([1, 1, 2]))]
        counts, told = attempt(bag, folder / "out")
        if counts is None:
            assert "\n" not in told, (seed, done)
            assert str(bag) in told or "bag" in told.lower(), (seed, done, told)
            assert [path.name for path in folder.iterdir()] == ["bag"], (seed, done)
            ends["refused"] += 1
            continue
        assert is_whole(folder / "out"), (seed, done)
        assert counts["images"] or counts["messages lost"], (seed, done)
        ends["whole"] += 1
        shutil.rmtree(folder)
    assert min(ends.values()) >= ROUNDS // 10, "both happen"


def lose(bag: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> int:
    """Runs the program on a damaged bag; gives the number of messages that the new one lacks."""
    import molmo_act

    monkeypatch.setattr(molmo_act, "load", lambda *a, **b: ColourModel())
    assert tool.main(["molmo-act-bag", str(bag), "red"]) == 1
    told = capsys.readouterr()
    with opened_bag(folder / "bag_points") as reader:
        topics = Counter(connection.topic for connection, _, _ in BagMessages(reader))
    lost = 2 * COUNT - topics[TOPIC] - topics["/text"]
    assert topics[f"{TOPIC}/pointed_pixels"] == topics[TOPIC]
    assert f"{topics[TOPIC]} images, {lost} messages lost" in told.out
    assert f"left out: {lost} of {2 * COUNT} messages of {bag} cannot be read: " in told.err
    assert str(storage_file(bag)) in told.err, "and what to do"
    assert is_whole(folder / "bag_points")
    return lost


@pytest.mark.parametrize("whole", ["sqlite3"], indirect=True)
def test_rows_that_are_damaged_cost_themselves(whole, tmp_path, monkeypatch, capsys):
    bag = Path(shutil.copytree(whole, tmp_path / "bag"))
    with sqlite3.connect(storage_file(bag)) as database:
        database.execute("UPDATE messages SET data = 'text' WHERE id = 21")
        database.execute("UPDATE messages SET timestamp = -5 WHERE id = 42")
    database.close()
    assert lose(bag, tmp_path, monkeypatch, capsys) == 2


def test_a_chunk_of_mcap_that_is_damaged_costs_itself(tmp_path, monkeypatch, capsys):
    bag = record(tmp_path / "bag", "mcap", side=320)
    file = storage_file(bag)
    data, place = bytearray(file.read_bytes()), 8
    chunks = []
    while data[place] != 0x0F:  # the end of data
        size = int.from_bytes(data[place + 1 : place + 9], "little")
        chunks += [place] if data[place] == 0x06 else []
        place += 9 + size
    assert len(chunks) >= 8
    first_record = chunks[3] + 9 + 8 + 8 + 8 + 4 + 4 + 8
    data[first_record + 6] = 0xFF  # of its length
    file.write_bytes(data)
    assert 1 <= lose(bag, tmp_path, monkeypatch, capsys) <= 2 * 2 * COUNT / len(chunks) + 2


class Reader:
    """As of rosbags: it raises within a span of time, whenever it comes there, and has two files."""

    class Known:
        def __init__(self, count: int, first: int, last: int) -> None:
            self.message_count, self.start_time, self.end_time = count, first, last

    def __init__(self, *damaged: tuple[int, int]) -> None:
        self.damaged = damaged
        self.storage = self
        self.metadata = self.Known(100, 0, 100 * STEP_NS)
        self.readers = [self]
        self.storages = [self]
        self.opened = 0

    def messages(self, connections=(), start: int | None = None):
        self.opened += 1
        for number in range(100):
            when = number * STEP_NS
            if when < (start or 0):
                continue
            if any(first <= number <= last for first, last in self.damaged):
                raise ValueError("Chunk checksum\nmismatch")
            yield "topic", when, b"data"


@pytest.mark.parametrize(
    ("damaged", "read", "most_skipped"),
    [
        ([], 100, 0),
        ([(50, 50)], 99, 1),
        ([(0, 0)], 99, 1),
        ([(99, 99)], 99, 0),
        ([(20, 29), (70, 70)], 89, 20),
    ],
)
def test_a_damaged_span_costs_little_more_than_itself(damaged, read, most_skipped):
    reader = Reader(*damaged)
    found = BagMessages(reader)
    times = [time for _, time, _ in found]
    assert times == sorted(set(times)), "none twice"
    assert read - most_skipped <= found.read == len(times) <= read
    assert found.lost == 100 - found.read
    assert found.problem == ("ValueError: Chunk checksum mismatch" if damaged else "")
    assert reader.opened <= 60, "steps grow"


def test_a_bag_that_cannot_be_read_at_all_has_an_end():
    found = BagMessages(Reader((0, 99)))
    assert list(found) == []
    assert (found.read, found.lost) == (0, 100)
