"""molmo-act-bag BAG QUERY: points at objects in the images of a recorded bag; needs rosbags and no ROS.

The new bag holds everything that can be read of the old one, and after each image what was found in it.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from molmo_act._optional import require_optional
from molmo_act.cli._arguments import add_number, positive
from molmo_act.cli._writing import Parser
from molmo_act.cli.model_arguments import add_asking_arguments, add_model_arguments, model_options
from molmo_act.errors import ImageError, InputError, MolmoActError
from molmo_act.io.atomic import atomic_folder, check_output_folder
from molmo_act.model_options import ModelOptions
from molmo_act.pointing.options import PointOptions
from molmo_act.signals import ending_in_order
from molmo_act_ros.bag_files import (
    STORAGES,
    advice_for,
    copy_connection,
    describe,
    new_bag,
    opened_bag,
    storage_of,
    written,
)
from molmo_act_ros.bag_messages import BagMessages
from molmo_act_ros.conversions import points as convert
from molmo_act_ros.conversions.images import ENCODINGS, MAX_BITS, MIN_BITS, to_rgb

if TYPE_CHECKING:
    import numpy as np
    from rosbags.highlevel import AnyReader
    from rosbags.interfaces import Connection
    from rosbags.rosbag2 import Writer
    from rosbags.typesys.store import Typestore

    from molmo_act import PointingModel, Points

_IMAGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_DEFINITIONS = Path(__file__).parent / "message_definitions"  # those of molmo_act_interfaces
_MESSAGES = ("PointedQuery", "PointedPixel", "PointedPixels")
_NODE = "/molmo_act_bag"  # what points, where a node would name itself
_NUMBERS = re.compile(r"\d+[USF]C\d+")  # encodings of images of numbers; those of colours are named ENCODINGS


@dataclass(frozen=True)
class BagOptions:
    """What to find in a bag, and what to write.

    Attributes:
        queries: What to point at, in words.
        topic: Topic of the images; None where the bag has only one such topic.
        every: The model is asked about every n-th image.
        model: How the model is asked.
        max_points: Most points of a query; None for all.
        overlay: Whether images with their points are added as JPEG.
        sensor_bits: Bits that the sensor fills in images of 16 bits.
        storage: "sqlite3" or "mcap"; None for that of the bag.

    Raises:
        InputError: ``every`` is below 1, or there are more queries than a message holds.
    """

    queries: Sequence[str]
    topic: str | None = None
    every: int = 1
    model: ModelOptions = field(default_factory=ModelOptions)
    max_points: int | None = None
    overlay: bool = False
    sensor_bits: int = MAX_BITS
    storage: str | None = None

    def __post_init__(self) -> None:
        if self.every < 1:
            raise InputError(f"every is {self.every}; expected 1 or more.")
        if len(self.queries) > convert.MAX_QUERIES:
            raise InputError(
                f"There are {len(self.queries)} queries; expected at most {convert.MAX_QUERIES}. Run the "
                "program again on the new bag's images for more, with another --out."
            )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs molmo-act-bag.

    Args:
        argv: Program name and arguments; ``sys.argv`` by default.

    Returns:
        Exit code: 0; 1 when the new bag is there and lacks what could not be read; 2 when there is none,
        with the reason on stderr; 130 after SIGINT.

    Raises:
        SystemExit: Arguments that cannot be used; or SIGTERM or SIGHUP came, and the new bag is not there.
    """
    parser = Parser(prog="molmo-act-bag", description=(__doc__ or "").partition(";")[0] + ".")
    parser.add_argument("bag", type=Path, help="folder of a rosbag2 (sqlite3 or MCAP)")
    parser.add_argument("query", nargs="+", help="what to point at; several are answered together")
    parser.add_argument("--out", type=Path, help="folder of the new bag (default: BAG_points)")
    parser.add_argument("--topic", help="topic of the images, where the bag has several")
    parser.add_argument("--every", type=int, default=1, help="ask about every n-th image (default 1)")
    add_number(parser, "--max-points", positive, "N", "most points of a query")
    add_asking_arguments(parser)
    parser.add_argument("--overlay", action="store_true", help="add images with their points as JPEG")
    parser.add_argument("--storage", choices=STORAGES, help="of the new bag (default: as the old one)")
    parser.add_argument(
        "--sensor-bits",
        type=int,
        choices=range(MIN_BITS, MAX_BITS + 1),
        default=MAX_BITS,
        metavar="N",
        help="bits that the sensor fills in images of 16 bits, such as 10 or 12 in mono16 (default 16)",
    )
    add_model_arguments(parser)
    args = parser.parse_args(None if argv is None else argv[1:])
    out = args.out or args.bag.with_name(f"{args.bag.name}_points")
    try:
        options = BagOptions(
            queries=args.query,
            topic=args.topic,
            every=args.every,
            model=model_options(args),
            max_points=args.max_points,
            overlay=args.overlay,
            sensor_bits=args.sensor_bits,
            storage=args.storage,
        )
        require_rosbags()
        with ending_in_order(by_signal=False):
            counts = point_in_bag(args.bag, out, None, options)
    except KeyboardInterrupt:
        return 130
    except MolmoActError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    summary = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
    print(f"{out}: {summary or 'no images'}")
    return 1 if counts["unreadable"] or counts["messages lost"] else 0


def require_rosbags() -> None:
    """Raises when bags cannot be read here.

    Raises:
        MissingExtraError: rosbags is not installed.
    """
    require_optional("rosbags", extra="bags", purpose="molmo-act-bag")


def point_in_bag(bag: Path, out: Path, model: PointingModel | None, options: BagOptions) -> Counter[str]:
    """Writes a copy of a bag with points.

    For images on topic T, points are PointedPixels on T/pointed_pixels, one message for each image, and
    overlays are CompressedImage on T/overlay/compressed; both have the header of the image and its time in
    the bag.

    Args:
        bag: Folder of a rosbag2.
        out: Folder of the new one, which must not exist. It appears when it is complete.
        model: Finds the points; None for the one that the options name, which is loaded once the bag is open.
        options: What to find, and what to write.

    Returns:
        How many images there were ("images"), how many of them were "unreadable", "with points" and
        "without points"; and of all topics, "messages lost": those that the bag should hold and that could
        not be read. They are not in the new one.

    Raises:
        InputError: The bag cannot be read or has no such topic, or ``out`` exists, is inside of the bag, or
            cannot be written.
        QueryError: A query cannot be used.
    """
    from tqdm import tqdm

    counts: Counter[str] = Counter()
    _require_new(out, bag)
    with opened_bag(bag) as reader:
        topic, messages = _image_topic(reader, options.topic), BagMessages(reader)
        model = options.model.load() if model is None else model
        with atomic_folder(out) as unfinished:
            unfinished.rmdir()  # the writer makes it itself
            with new_bag(unfinished, bag, options.storage) as writer:
                store = reader.typestore
                copies = {each.id: copy_connection(each, store, writer) for each in reader.connections}
                answers = _AnswerWriter(reader, writer, out, topic, options)
                for connection, time, raw in tqdm(messages, total=messages.expected, disable=None):
                    with written(out):
                        writer.write(copies[connection.id], time, raw)
                    if connection.topic != topic:
                        continue
                    counts["images"] += 1
                    if (counts["images"] - 1) % options.every == 0:
                        counts[answers.answer(connection, time, raw, model)] += 1
            _report_lost(messages, bag)
    if messages.lost:
        counts["messages lost"] = messages.lost
    return counts


def _report_lost(messages: BagMessages, bag: Path) -> None:
    """Says how much of a bag could not be read.

    Raises:
        InputError: None of it.
    """
    if not messages.lost:
        return
    reason = messages.problem.rstrip(".") or "metadata.yaml speaks of other messages than there are"
    told = f"{messages.lost} of {messages.expected} messages of {bag} cannot be read: {reason}. "
    told += advice_for(storage_of(bag) if messages.problem else bag)
    if not messages.read:
        raise InputError(told)
    print(f"left out: {told}", file=sys.stderr)


class _AnswerWriter:
    """Writes the answers to the images of a topic into a bag."""

    def __init__(self, reader: AnyReader, writer: Writer, out: Path, topic: str, options: BagOptions) -> None:
        self._reader, self._store = reader, reader.typestore
        self._writer, self._out, self._options = writer, out, options
        self._query_ids = {query: number for number, query in enumerate(options.queries, 1)}
        self._told: set[str] = set()
        self._types = _message_types(self._store)
        self._points = self._connect(f"{topic}/pointed_pixels", "molmo_act_interfaces/msg/PointedPixels")
        if options.overlay:
            if _IMAGE_TYPES[1] not in self._store.types:
                from rosbags.typesys import Stores, get_typestore

                known = get_typestore(Stores.ROS2_JAZZY).fielddefs
                self._store.register({_IMAGE_TYPES[1]: known[_IMAGE_TYPES[1]]})
            self._overlay = self._connect(f"{topic}/overlay/compressed", _IMAGE_TYPES[1])

    def _connect(self, topic: str, kind: str) -> Connection:
        if any(connection.topic == topic for connection in self._writer.connections):
            raise InputError(f"The bag already holds {topic}. Run on the bag it was made from.")
        try:
            return self._writer.add_connection(topic, kind, typestore=self._store)
        except Exception as error:  # of types that a damaged bag defines
            raise InputError(f"{topic} cannot be added: {describe(error)}") from error

    def answer(self, connection: Connection, time: int, raw: bytes, model: PointingModel) -> str:
        """Writes what is found in one image; returns what to count it as."""
        try:
            message: Any = _deserialized(self._reader, connection, raw)
            rgb = to_rgb(message, self._options.sensor_bits)
        except ImageError as error:
            if str(error) not in self._told:
                print(f"skipped an image: {error}", file=sys.stderr)
                self._told.add(str(error))
            return "unreadable"
        options = self._options
        asked: PointOptions = {**options.model.point_options, "max_points": options.max_points}
        found = model.point(rgb, list(options.queries), **asked)
        found = convert.with_distinct_ids(found)
        pixels = convert.points_to_pixels(found, message.header, self._query_ids, _NODE, self._types)
        self._write(self._points, time, pixels)
        if options.overlay:
            self._write(self._overlay, time, self._draw(convert.merge(found), rgb, message.header))
        return "with points" if any(map(len, found)) else "without points"

    def _draw(self, points: Points, rgb: np.ndarray, header: Any) -> Any:
        import io

        import numpy as np

        file = io.BytesIO()
        points.draw(rgb).save(file, "JPEG", quality=90)
        data = np.frombuffer(file.getvalue(), np.uint8)
        return self._store.types[_IMAGE_TYPES[1]](header=header, format="jpeg", data=data)

    def _write(self, connection: Connection, time: int, message: Any) -> None:
        raw = self._store.serialize_cdr(message, connection.msgtype)
        with written(self._out):
            self._writer.write(connection, time, raw)


def _deserialized(reader: AnyReader, connection: Connection, raw: bytes) -> Any:
    """Reads a message.

    Raises:
        ImageError: Its bytes are damaged.
    """
    try:
        return reader.deserialize(raw, connection.msgtype)
    except Exception as error:  # whatever damaged bytes make rosbags and struct raise
        raise ImageError(
            f"a message of {connection.topic} is no {connection.msgtype}: {describe(error)}"
        ) from error


def _require_new(out: Path, bag: Path) -> None:
    if bag.resolve() in (out.resolve(), *out.resolve().parents):
        raise InputError(f"{out} is inside of the bag {bag}; give an --out outside of it.")
    if out.exists():
        raise InputError(f"{out} exists already; give another --out.")
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out.absolute().parent} is no folder; expected one for the new bag.")
    check_output_folder(out)


def _image_topic(reader: AnyReader, topic: str | None) -> str:
    topics = sorted(
        {connection.topic for connection in reader.connections if _holds_images(connection, reader)}
    )
    if topic in topics or (topic is None and len(topics) == 1):
        return topic or topics[0]
    known = ", ".join(topics) or "none at all"
    raise InputError(f"Topic is {topic!r}; the bag's topics of images are: {known}. Choose one with --topic.")


def _holds_images(connection: Connection, reader: AnyReader) -> bool:
    """Whether a topic is of colour or grey images, and not of depth, by its first message that tells."""
    if connection.msgtype not in _IMAGE_TYPES:
        return False
    _require_usual(connection, reader.typestore)
    for _, _, raw in BagMessages(reader, [connection]):
        try:
            message = _deserialized(reader, connection, raw)
        except ImageError:
            continue
        encoding = getattr(message, "encoding", None)
        if encoding is None:
            return "compressedDepth" not in message.format
        if encoding in ENCODINGS:
            return True
        if _NUMBERS.fullmatch(encoding):
            return False
    return False


def _require_usual(connection: Connection, store: Typestore) -> None:
    """Refuses images whose definition in the bag is not that of ROS."""
    from rosbags.typesys import Stores, get_typestore

    usual = get_typestore(Stores.ROS2_JAZZY).fielddefs
    for name in (connection.msgtype, "std_msgs/msg/Header", "builtin_interfaces/msg/Time"):
        if name not in store.fielddefs or store.fielddefs[name][1] != usual[name][1]:
            raise InputError(
                f"The bag defines {name} of topic {connection.topic} otherwise than ROS does: it is damaged. "
                "Record it again, or run ros2 bag reindex."
            )


def _message_types(store: Typestore) -> SimpleNamespace:
    """Registers PointedPixels and what it holds; returns their classes."""
    from rosbags.typesys import get_types_from_msg

    names = {name: f"molmo_act_interfaces/msg/{name}" for name in _MESSAGES}
    for name, full in names.items():
        if full not in store.types:
            store.register(get_types_from_msg((_DEFINITIONS / f"{name}.msg").read_text(), full))
    return SimpleNamespace(**{name: store.types[full] for name, full in names.items()})


if __name__ == "__main__":
    sys.exit(main())
