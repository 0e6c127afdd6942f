"""Opens recorded bags, and begins new ones that hold the same topics in a format that the same ROS reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from molmo_act.errors import InputError

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader
    from rosbags.interfaces import Connection, ConnectionExtRosbag2
    from rosbags.rosbag2 import Writer
    from rosbags.typesys.store import Typestore

STORAGES = ("sqlite3", "mcap")
_NO_HASH = "RIHS01_" + 64 * "0"
"""The hash of a type that nothing in the bag defines."""


@contextmanager
def opened_bag(bag: Path) -> Iterator[AnyReader]:
    """Opens a recorded bag.

    Args:
        bag: Folder of a rosbag2.

    Yields:
        Its reader. Types that the bag does not define are those of the ROS that recorded it.

    Raises:
        InputError: It is no bag, or it cannot be read.
    """
    from rosbags.highlevel import AnyReader, AnyReaderError
    from rosbags.typesys import Stores, get_typestore

    version = _version(bag)
    known = Stores.ROS2_HUMBLE if version < 6 else Stores.ROS2_IRON if version < 9 else Stores.ROS2_JAZZY
    try:
        with AnyReader([bag], default_typestore=get_typestore(known)) as reader:
            yield reader
    except AnyReaderError as error:
        raise InputError(f"{bag} cannot be read: {error}. Was its recording ended properly?") from error


@contextmanager
def new_bag(folder: Path, like: Path, storage: str | None = None) -> Iterator[Writer]:
    """Begins a bag that every ROS reads that reads another one.

    Version 9 came with Jazzy. Before it, quality of service is written as text, and Humble cannot read
    anything else; what version 8 has beyond version 5 Humble leaves unread.

    Args:
        folder: Where the bag is to be; must not exist.
        like: Folder of the other bag.
        storage: "sqlite3" or "mcap"; None for that of the other bag.

    Yields:
        Its writer.
    """
    from rosbags.rosbag2 import StoragePlugin, Writer

    version: Literal[8, 9] = 9 if _version(like) >= 9 else 8
    storage = storage or ("mcap" if any(like.glob("*.mcap*")) else "sqlite3")
    with Writer(folder, version=version, storage_plugin=StoragePlugin[storage.upper()]) as writer:
        yield writer


def copy_connection(connection: Connection, store: Typestore, writer: Writer) -> Connection:
    """Adds a topic of one bag to another, with its quality of service.

    Args:
        connection: The topic in the bag that is read.
        store: Types of the bag that is read.
        writer: The bag that is written.

    Returns:
        The topic in the bag that is written.

    Raises:
        InputError: Nothing defines its type, and MCAP, which is written, needs the definition.
    """
    ext = cast("ConnectionExtRosbag2", connection.ext)
    definition, digest = connection.msgdef.data or None, connection.digest or None
    if definition is None and connection.msgtype not in store.fielddefs:
        from rosbags.rosbag2 import StoragePlugin

        if writer.storage_plugin is StoragePlugin.MCAP:
            raise InputError(
                f"The bag does not define {connection.msgtype} of topic {connection.topic}, and MCAP needs "
                "definitions. Leave out --storage mcap."
            )
        definition, digest = "", digest or _NO_HASH
        writer.added_types.add(connection.msgtype)  # so that no empty definition is written
    return writer.add_connection(
        connection.topic,
        connection.msgtype,
        typestore=store,
        msgdef=definition,
        rihs01=digest,
        serialization_format=ext.serialization_format,
        offered_qos_profiles=ext.offered_qos_profiles,
    )


def _version(bag: Path) -> int:
    """Version of a bag's metadata: 5 is Humble's, 9 Jazzy's."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    path = bag / "metadata.yaml"
    if not path.is_file():
        raise InputError(f"{bag} is no bag; expected the folder of a rosbag2, with a metadata.yaml.")
    try:
        return int(YAML(typ="safe").load(path)["rosbag2_bagfile_information"]["version"])
    except (YAMLError, OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}. Record the bag again, or run ros2 bag reindex."
        ) from error
