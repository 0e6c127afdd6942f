"""molmo-act-bag BAG QUERY: points at things in the pictures of a recorded bag; needs rosbags and no ROS.

The new bag holds everything that the old one does, and behind each picture what was found in it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from molmo_act.errors import ImageError, InputError, MissingExtraError, MolmoActError
from ros_nodes import answers
from ros_nodes.pixels import ENCODINGS, to_rgb

if TYPE_CHECKING:
    import numpy as np

    from molmo_act import PointingModel

PICTURES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_MESSAGES = Path(__file__).parent / "molmo_act_interfaces" / "msg"
_STORAGES = ("sqlite3", "mcap")


@dataclass(frozen=True)
class Wanted:
    """What is to be done with a bag.

    Attributes:
        queries: What to point at, in words.
        topic: Of the pictures; None where the bag has only one such topic.
        every: Each so-many-th picture is asked about.
        min_score: Lowest score of a point.
        max_points: Most points of a query; None for all.
        overlay: Whether pictures with their points are added as JPEG.
        storage: "sqlite3" or "mcap"; None for that of the bag.
    """

    queries: Sequence[str]
    topic: str | None = None
    every: int = 1
    min_score: float = 0.0
    max_points: int | None = None
    overlay: bool = False
    storage: str | None = None


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program; returns the exit code: 0, or 2 with the reason on stderr."""
    parser = argparse.ArgumentParser(
        prog="molmo-act-bag", description=(__doc__ or "").partition(";")[0] + "."
    )
    parser.add_argument("bag", type=Path, help="folder of a rosbag2 (sqlite3 or MCAP)")
    parser.add_argument("query", nargs="+", help="what to point at; several are answered together")
    parser.add_argument("--out", type=Path, help="folder of the new bag (default: BAG_points)")
    parser.add_argument("--topic", help="of the pictures, where the bag has several such topics")
    parser.add_argument("--every", type=int, default=1, help="ask about each so-many-th picture (default 1)")
    parser.add_argument("--min-score", type=float, default=0.0, help="leave out points of a lower score")
    parser.add_argument("--max-points", type=int, help="most points of a query")
    parser.add_argument("--overlay", action="store_true", help="add pictures with their points as JPEG")
    parser.add_argument("--storage", choices=_STORAGES, help="of the new bag (default: as the old one)")
    parser.add_argument("--model", help="checkpoint, by name or folder (default: the bundled one)")
    parser.add_argument("--device", help="such as cpu or cuda:0 (default: the library's choice)")
    options = parser.parse_args(None if argv is None else argv[1:])
    out = options.out or options.bag.with_name(f"{options.bag.name}_points")
    wanted = Wanted(
        *(options.query, options.topic, options.every, options.min_score, options.max_points),
        *(options.overlay, options.storage),
    )
    try:
        require_rosbags()
        import molmo_act

        counts = point_in_bag(options.bag, out, molmo_act.load(options.model, device=options.device), wanted)
    except KeyboardInterrupt:
        return 130
    except MolmoActError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    told = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
    print(f"{out}: {told or 'no pictures'}")
    return 0


def require_rosbags() -> None:
    """Raises when bags cannot be read here.

    Raises:
        MissingExtraError: rosbags is not installed.
    """
    try:
        import rosbags  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise MissingExtraError("rosbags", "bags", "molmo-act-bag") from error


def point_in_bag(bag: Path, out: Path, model: PointingModel, wanted: Wanted) -> Counter[str]:
    """Writes a copy of a bag with points.

    For pictures on topic T, points are PointedPixels on T/pointed_pixels, one message for each query, and
    overlays CompressedImage on T/overlay/compressed; both have the header of the picture and its time in
    the bag.

    Args:
        bag: Folder of a rosbag2.
        out: Folder of the new one, which must not exist. It appears when it is complete.
        model: What points.
        wanted: What at, and how.

    Returns:
        How many pictures were read, skipped as unreadable, and had points.

    Raises:
        InputError: The bag cannot be read or has no such topic, or ``out`` exists.
        QueryError: A query cannot be used.
    """
    from rosbags.rosbag2 import StoragePlugin, Writer
    from tqdm import tqdm

    if wanted.every < 1:
        raise InputError(f"every is {wanted.every}; expected 1 or more.")
    counts: Counter[str] = Counter()
    with _opened(bag) as reader, _appearing(out) as unfinished:
        topic = _picture_topic(reader, wanted.topic)
        storage = wanted.storage or ("mcap" if any(bag.glob("*.mcap*")) else "sqlite3")
        with Writer(unfinished, version=9, storage_plugin=StoragePlugin[storage.upper()]) as writer:
            copies = {connection.id: _copied(connection, reader, writer) for connection in reader.connections}
            added = _Added(reader, writer, topic, wanted)
            for connection, time, raw in tqdm(reader.messages(), total=reader.message_count, disable=None):
                writer.write(copies[connection.id], time, raw)
                if connection.topic != topic:
                    continue
                counts["pictures"] += 1
                if (counts["pictures"] - 1) % wanted.every == 0:
                    counts[added.answer(reader.deserialize(raw, connection.msgtype), time, model)] += 1
    return counts


class _Added:
    """What is written beside the copies."""

    def __init__(self, reader: Any, writer: Any, topic: str, wanted: Wanted) -> None:
        self._wanted, self._writer, self._store = wanted, writer, reader.typestore
        self._types = _message_types(reader.typestore)
        self._points = self._connect(f"{topic}/pointed_pixels", "molmo_act_interfaces/msg/PointedPixels")
        if wanted.overlay:
            if PICTURES[1] not in self._store.types:
                from rosbags.typesys import Stores, get_typestore

                known = get_typestore(Stores.ROS2_JAZZY).fielddefs
                self._store.register({PICTURES[1]: known[PICTURES[1]]})
            self._overlay = self._connect(f"{topic}/overlay/compressed", PICTURES[1])

    def _connect(self, topic: str, kind: str) -> Any:
        from rosbags.rosbag2.errors import WriterError

        if any(connection.topic == topic for connection in self._writer.connections):
            raise InputError(f"The bag already holds {topic}. Run on the bag it was made from.")
        try:
            return self._writer.add_connection(topic, kind, typestore=self._store)
        except WriterError as error:
            raise InputError(f"{topic} cannot be added: {error}") from error

    def answer(self, message: Any, time: int, model: PointingModel) -> str:
        """Writes what is found in one picture; returns what to count it as."""
        try:
            rgb = to_rgb(message)
        except ImageError as error:
            print(f"skipped a picture: {error}", file=sys.stderr)
            return "unreadable"
        wanted = self._wanted
        found = model.point(
            rgb, list(wanted.queries), max_points=wanted.max_points, min_score=wanted.min_score
        )
        found = answers.numbered(found)
        for number, points in enumerate(found, 1):
            self._write(
                self._points, time, answers.pointed_pixels(points, message.header, number, self._types)
            )
        if wanted.overlay:
            self._write(self._overlay, time, self._drawn(answers.together(found), rgb, message.header))
        return "with points" if any(map(len, found)) else "without points"

    def _drawn(self, points: Any, rgb: np.ndarray, header: Any) -> Any:
        import io

        import numpy as np

        file = io.BytesIO()
        points.draw(rgb).save(file, "JPEG", quality=90)
        data = np.frombuffer(file.getvalue(), np.uint8)
        return self._store.types[PICTURES[1]](header=header, format="jpeg", data=data)

    def _write(self, connection: Any, time: int, message: Any) -> None:
        self._writer.write(connection, time, self._store.serialize_cdr(message, connection.msgtype))


@contextmanager
def _opened(bag: Path) -> Iterator[Any]:
    from rosbags.highlevel import AnyReader, AnyReaderError
    from rosbags.typesys import Stores, get_typestore

    if not (bag / "metadata.yaml").is_file():
        raise InputError(f"{bag} is no bag; expected the folder of a rosbag2, with a metadata.yaml.")
    try:
        with AnyReader([bag], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as reader:
            yield reader
    except AnyReaderError as error:
        raise InputError(f"{bag} cannot be read: {error}. Was its recording ended properly?") from error


@contextmanager
def _appearing(out: Path) -> Iterator[Path]:
    """A folder to write into, that gets its name when all is written, or goes away."""
    if out.exists():
        raise InputError(f"{out} exists already; give another --out.")
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out.absolute().parent} is no folder; expected one for the new bag.")
    with TemporaryDirectory(prefix=f".{out.name}-", dir=out.absolute().parent) as unfinished:
        bag = Path(unfinished) / out.name  # files in a bag are called like the bag
        yield bag
        bag.rename(out)


def _picture_topic(reader: Any, topic: str | None) -> str:
    topics = sorted({connection.topic for connection in reader.connections if _shows(connection, reader)})
    if topic in topics or (topic is None and len(topics) == 1):
        return topic or topics[0]
    known = ", ".join(topics) or "none at all"
    raise InputError(
        f"Topic is {topic!r}; the bag's topics of pictures are: {known}. Choose one with --topic."
    )


def _shows(connection: Any, reader: Any) -> bool:
    """Whether a topic is of pictures, and not of depth, to judge by its first message."""
    if connection.msgtype not in PICTURES:
        return False
    first = next((raw for _, _, raw in reader.messages([connection])), None)
    message = None if first is None else reader.deserialize(first, connection.msgtype)
    return message is not None and getattr(message, "encoding", "rgb8") in ENCODINGS


def _copied(connection: Any, reader: Any, writer: Any) -> Any:
    """The connection of the new bag for a topic of the old one."""
    return writer.add_connection(
        connection.topic,
        connection.msgtype,
        typestore=reader.typestore,
        msgdef=connection.msgdef.data or None,
        rihs01=connection.digest or None,
        serialization_format=connection.ext.serialization_format,
        offered_qos_profiles=connection.ext.offered_qos_profiles,
    )


def _message_types(store: Any) -> SimpleNamespace:
    """PointedPixel and PointedPixels as rosbags knows them, from the definitions that ROS builds."""
    from rosbags.typesys import get_types_from_msg

    names = {name: f"molmo_act_interfaces/msg/{name}" for name in ("PointedPixel", "PointedPixels")}
    for name, full in names.items():
        if full not in store.types:
            store.register(get_types_from_msg((_MESSAGES / f"{name}.msg").read_text(), full))
    return SimpleNamespace(**{name: store.types[full] for name, full in names.items()})


if __name__ == "__main__":
    sys.exit(main())
