"""Bags as older ROS versions record them: read, copied with their topics, written as those read them."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rosbags", reason="needs the extra bags")
from molmo_act_ros.bag_files import copy_connection, new_bag, opened_bag, written
from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from molmo_act.errors import InputError

CUSTOM = "robot_msgs/msg/Gripper"
NEVER = QosTime(9223372036, 854775807)
LATCHED = Qos(
    QosHistory.KEEP_LAST,
    1,
    QosReliability.RELIABLE,
    QosDurability.TRANSIENT_LOCAL,
    NEVER,
    NEVER,
    QosLiveliness.AUTOMATIC,
    NEVER,
    avoid_ros_namespace_conventions=False,
)


def record(folder: Path, version: int, storage: str = "sqlite3") -> Path:
    """A bag with text and a message of a type of the robot's own."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    store.register(get_types_from_msg("float64 width\n", CUSTOM))
    with Writer(folder, version=version, storage_plugin=StoragePlugin[storage.upper()]) as writer:
        for topic, kind, values in (("/name", "std_msgs/msg/String", ["left"]), ("/gripper", CUSTOM, [0.5])):
            connection = writer.add_connection(topic, kind, typestore=store, offered_qos_profiles=[LATCHED])
            for time, value in enumerate(values):
                writer.write(connection, time, store.serialize_cdr(store.types[kind](value), kind))
    return folder


def as_humble_records(bag: Path) -> Path:
    """Takes away what Humble does not record: definitions and hashes of types, and newer settings."""
    with sqlite3.connect(bag / f"{bag.name}.db3") as database:
        for table in ("message_definitions", "schema", "metadata"):
            database.execute(f"DROP TABLE {table}")
        database.execute("ALTER TABLE topics DROP COLUMN type_description_hash")
    database.close()
    path = bag / "metadata.yaml"
    told = yaml.safe_load(path.read_text())
    about = told["rosbag2_bagfile_information"]
    about["version"] = 5
    for newer in ("custom_data", "ros_distro"):
        del about[newer]
    for topic in about["topics_with_message_count"]:
        del topic["topic_metadata"]["type_description_hash"]
    path.write_text(yaml.safe_dump(told))
    return bag


@pytest.fixture
def humble(tmp_path):
    return as_humble_records(record(tmp_path / "humble", 8))


def copy(bag: Path, out: Path, storage: str | None = None) -> Path:
    with opened_bag(bag) as reader, new_bag(out, bag, storage) as writer:
        copies = {each.id: copy_connection(each, reader.typestore, writer) for each in reader.connections}
        for connection, time, raw in reader.messages():
            writer.write(copies[connection.id], time, raw)
    return out


def content(bag: Path) -> list:
    with opened_bag(bag) as reader:
        messages = [(c.topic, c.msgtype, time, bytes(raw)) for c, time, raw in reader.messages()]
        return [*sorted(messages), *sorted((c.topic, c.ext) for c in reader.connections)]


def about(bag: Path) -> dict:
    return yaml.safe_load((bag / "metadata.yaml").read_text())["rosbag2_bagfile_information"]


def test_a_bag_of_humble_with_a_type_of_its_own_is_copied_whole(humble, tmp_path):
    assert content(copy(humble, tmp_path / "out")) == content(humble)
    assert content(copy(tmp_path / "out", tmp_path / "again")) == content(humble)


def test_what_humble_recorded_humble_can_read(humble, tmp_path):
    """Its reader takes profiles as text with numbers; a list with names is "bad conversion"."""
    made = about(copy(humble, tmp_path / "out"))
    assert made["version"] == 8
    for topic in made["topics_with_message_count"]:
        profiles = topic["topic_metadata"]["offered_qos_profiles"]
        assert isinstance(profiles, str)
        assert yaml.safe_load(profiles)[0]["durability"] == QosDurability.TRANSIENT_LOCAL.value


@pytest.mark.parametrize("storage", ["sqlite3", "mcap"])
@pytest.mark.parametrize("version", [8, 9])
def test_version_storage_and_profiles_are_kept(tmp_path, version, storage):
    bag = record(tmp_path / "bag", version, storage)
    out = copy(bag, tmp_path / "out")
    assert (about(out)["version"], about(out)["storage_identifier"]) == (version, storage)
    assert content(out) == content(bag)


def test_mcap_is_refused_for_types_that_nothing_defines(humble, tmp_path):
    with pytest.raises(InputError, match=rf"does not define {CUSTOM} of topic /gripper.*--storage sqlite3"):
        copy(humble, tmp_path / "out", "mcap")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"compression_format": "brotli", "compression_mode": "FILE"}, "ros2 bag convert"),
        ({"storage_identifier": "papyrus"}, "Storage plugin 'papyrus'"),
        ({"relative_file_paths": ["other.db3"]}, "files are missing"),
        ({"relative_file_paths": 5}, "ros2 bag reindex"),
        ({"topics_with_message_count": [{}]}, "ros2 bag reindex"),
        ({"duration": {"nanoseconds": "long"}}, "ros2 bag reindex"),
        ({"version": 99}, "version 99"),
        ({"version": "new"}, "ros2 bag reindex"),
    ],
)
def test_metadata_that_are_wrong_are_one_error_that_names_the_bag(tmp_path, change, told):
    bag = record(tmp_path / "bag", 8)
    path = bag / "metadata.yaml"
    known = yaml.safe_load(path.read_text())
    known["rosbag2_bagfile_information"] |= change
    path.write_text(yaml.safe_dump(known))
    with pytest.raises(InputError, match=told) as caught, opened_bag(bag):
        pass
    assert str(bag) in str(caught.value)


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("disk is full"), OSError(errno.ENOSPC, "No space left on device")]
)
def test_a_full_disk_is_an_error_that_says_so(tmp_path, error):
    with pytest.raises(InputError, match=r"Cannot write a bag to .*[Mm]ake room"), written(tmp_path):
        raise error


@pytest.mark.parametrize(
    ("text", "told"),
    [(None, "is no bag"), ("{", "ros2 bag reindex"), ("a: 1", "ros2 bag reindex"), ("", "ros2 bag reindex")],
)
def test_no_bag(tmp_path, text, told):
    if text is not None:
        (tmp_path / "metadata.yaml").write_text(text)
    with pytest.raises(InputError, match=told), opened_bag(tmp_path):
        pass
