"""The messages of a recorded bag that can be read: damage costs what is in it, and not what comes after."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from molmo_act_ros.bag_files import describe

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader
    from rosbags.interfaces import Connection

_FIRST_STEP_NS = 10**6  # how far is skipped at a damaged place; twice as far each time that it does not help
_MOST_TRIES = 1000
_END_NS = 2**63 - 1  # the last time that a bag can hold


class BagMessages:
    """Iterates over what can be read of a bag, in the order of time; anew each time.

    Reading goes on behind a damaged place: a little later in time, then later and later. The reader of a bag
    ends at what it cannot read, and knows nothing of where the next message is.

    Args:
        reader: The open bag.
        connections: Topics; none for all.

    Attributes:
        expected: How many messages there should be, of all topics: by the metadata or by the files
            themselves, whichever says more.
        read: How many could be read the last time.
        problem: Why some could not, the first reason; empty without one.
    """

    def __init__(self, reader: AnyReader, connections: Collection[Connection] = ()) -> None:
        self._reader, self._connections = reader, connections
        told, files = _known(reader)
        self.expected = max(sum(map(_count, told)), sum(map(_count, files)))
        times = [_times(one) for one in (*told, *files)]
        self._begin, self._end = min(first for first, _ in times), max(last for _, last in times)
        self.read, self.problem = 0, ""

    @property
    def lost(self) -> int:
        """How many messages could not be read."""
        return max(0, self.expected - self.read)

    def __iter__(self) -> Iterator[tuple[Connection, int, bytes]]:
        """Yields topic, time in the bag in nanoseconds, and data of each message."""
        self.read, self.problem = 0, ""
        start, step = None, _FIRST_STEP_NS
        for _ in range(_MOST_TRIES):
            last = None
            try:
                for connection, time, raw in self._reader.messages(self._connections, start=start):
                    last = time
                    if problem := _what_is_wrong(time, raw):
                        self.problem = self.problem or problem
                        continue
                    self.read += 1
                    yield connection, time, raw
                return
            except Exception as error:  # whatever damaged bytes make rosbags, struct, zstd or SQLite raise
                self.problem = self.problem or describe(error)
            if isinstance(last, int):
                start, step = last + 1, _FIRST_STEP_NS
            start = (self._begin if start is None else start) + step
            step *= 2
            if start > min(self._end, _END_NS):
                return


def _what_is_wrong(time: object, raw: object) -> str:
    if not isinstance(time, int) or not 0 <= time <= _END_NS:
        return f"a message has time {time!r}"
    return "" if isinstance(raw, bytes) else f"the data of a message is {type(raw).__name__}, and not bytes"


def _known(reader: AnyReader) -> tuple[list[Any], list[Any]]:
    """What metadata.yaml says of the messages, and what the files say of their own."""
    folders: list[Any] = [each.storage for each in reader.readers if hasattr(each, "storage")]
    files = [file.metadata for folder in folders for file in getattr(folder, "storages", ())]
    return [folder.metadata for folder in folders], files


def _count(known: Any) -> int:
    return known.message_count if isinstance(known.message_count, int) else 0


def _times(known: Any) -> tuple[int, int]:
    first, last = known.start_time, known.end_time
    return (first if isinstance(first, int) else 0), (last if isinstance(last, int) else _END_NS)
