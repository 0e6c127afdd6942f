"""Opens recorded bags, and begins new ones that hold the same topics in a format that the same ROS reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from molmo_act.errors import InputError
from molmo_act.io.atomic import explain_write_errors

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader
    from rosbags.interfaces import Connection, ConnectionExtRosbag2
    from rosbags.rosbag2 import Writer
    from rosbags.typesys.store import Typestore

STORAGES = ("sqlite3", "mcap")
_NO_HASH = "RIHS01_" + 64 * "0"
"""The hash of a type that nothing in the bag defines."""


_ADVICE = {
    ".mcap": "Recover what is left of it: mcap recover {file} -o new.mcap, then ros2 bag reindex.",
    ".db3": "Recover what is left of it: sqlite3 {file} .recover | sqlite3 new.db3, then ros2 bag reindex.",
}
"""What to do about a damaged file, by its ending."""
_OTHER_ADVICE = (
    "Was its recording ended properly? Try ros2 bag reindex for a wrong metadata.yaml, and ros2 bag convert "
    "for another compression."
)


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
    from rosbags.highlevel import AnyReader
    from rosbags.typesys import Stores, get_typestore

    version = _version(bag)
    known = Stores.ROS2_HUMBLE if version < 6 else Stores.ROS2_IRON if version < 9 else Stores.ROS2_JAZZY
    try:
        reader = AnyReader([bag], default_typestore=get_typestore(known))
        reader.open()
    except Exception as error:  # whatever damaged bytes make rosbags, struct, zstd or SQLite raise
        raise InputError(_what_is_damaged(bag, error)) from error
    try:
        yield reader
    finally:
        with suppress(Exception):  # nothing was written
            reader.close()


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

    Raises:
        InputError: It cannot be written, as on a full disk.
    """
    from rosbags.rosbag2 import StoragePlugin, Writer

    version: Literal[8, 9] = 9 if _version(like) >= 9 else 8
    storage = storage or ("mcap" if any(like.glob("*.mcap*")) else "sqlite3")
    with written(folder):
        writer = Writer(folder, version=version, storage_plugin=StoragePlugin[storage.upper()])
        writer.open()
    try:
        yield writer
        with written(folder):
            writer.close()
    except BaseException:
        with suppress(Exception):
            writer.abort()
        raise


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """Turns what writing a bag raises in its block into an error that says what to do.

    Args:
        folder: Of the bag.

    Raises:
        InputError: The disk is full, and the like.
    """
    with explain_write_errors(folder, kind="a bag"):
        try:
            yield
        except sqlite3.Error as error:
            raise InputError(f"Cannot write a bag to '{folder}': {error}. Make room there.") from error


def copy_connection(connection: Connection, store: Typestore, writer: Writer) -> Connection:
    """Adds a topic of one bag to another, with its quality of service.

    Args:
        connection: The topic in the bag that is read.
        store: Types of the bag that is read.
        writer: The bag that is written.

    Returns:
        The topic in the bag that is written.

    Raises:
        InputError: Nothing defines its type, and MCAP, which is written, needs the definition; or what the
            bag says of the topic is damaged.
    """
    ext = cast("ConnectionExtRosbag2", connection.ext)
    definition, digest = connection.msgdef.data or None, connection.digest or None
    if definition is None and connection.msgtype not in store.fielddefs:
        from rosbags.rosbag2 import StoragePlugin

        if writer.storage_plugin is StoragePlugin.MCAP:
            raise InputError(
                f"The bag does not define {connection.msgtype} of topic {connection.topic}, and MCAP needs "
                "definitions. Give --storage sqlite3; or if metadata.yaml is damaged, run ros2 bag reindex."
            )
        definition, digest = "", digest or _NO_HASH
        writer.added_types.add(connection.msgtype)  # so that no empty definition is written
    try:
        return writer.add_connection(
            connection.topic,
            connection.msgtype,
            typestore=store,
            msgdef=definition,
            rihs01=digest,
            serialization_format=ext.serialization_format,
            offered_qos_profiles=ext.offered_qos_profiles,
        )
    except Exception as error:  # of types that a damaged bag defines
        raise InputError(
            f"Topic {connection.topic} of type {connection.msgtype} cannot be copied: {describe(error)}. Its "
            "definition in the bag is damaged or there twice."
        ) from error


def describe(error: Exception) -> str:
    """Describes in one line what reading a bag raised.

    Args:
        error: Any exception.

    Returns:
        Its type where that is none of rosbags, and its text.
    """
    text = " ".join(str(error).split())
    own = type(error).__module__.partition(".")[0] == "rosbags"
    return text if own and text else f"{type(error).__name__}: {text}".rstrip(": ")


def advice_for(file: Path) -> str:
    """Says what to do about a damaged file.

    Args:
        file: The file, or the folder of the bag.

    Returns:
        A sentence.
    """
    return _ADVICE.get(file.suffix, _OTHER_ADVICE).format(file=file)


def storage_of(bag: Path) -> Path:
    """Finds the file that holds the messages of a bag.

    Args:
        bag: Folder of a rosbag2.

    Returns:
        The file; the folder where there are several, or none that is not compressed.
    """
    files = _storage_files(bag)
    return files[0] if len(files) == 1 else bag


def _storage_files(bag: Path) -> list[Path]:
    return sorted(file for file in bag.iterdir() if file.suffix in _ADVICE)


def _what_is_damaged(bag: Path, error: Exception) -> str:
    """What to say of a bag that cannot be opened: it names the file that cannot be opened by itself."""
    file = next((file for file in _storage_files(bag) if not _opens(file)), bag)
    return f"{file} cannot be read: {describe(error).rstrip('.')}. {advice_for(file)}"


def _opens(file: Path) -> bool:
    from rosbags.rosbag2 import Reader

    try:
        with Reader(file):
            return True
    except Exception:  # see `opened_bag`
        return False


def _version(bag: Path) -> int:
    """Version of a bag's metadata: 5 is Humble's, 9 Jazzy's."""
    from ruamel.yaml import YAML

    path = bag / "metadata.yaml"
    if not path.is_file():
        raise InputError(
            f"{bag} is no bag; expected the folder of a rosbag2, with a metadata.yaml. If only that is "
            f"missing, run ros2 bag reindex {bag}."
        )
    try:
        return int(YAML(typ="safe").load(path)["rosbag2_bagfile_information"]["version"])
    except Exception as error:  # ruamel raises errors of many kinds on what is no YAML
        raise InputError(
            f"{path} cannot be read: {describe(error)}. Run ros2 bag reindex, or record the bag again."
        ) from error
