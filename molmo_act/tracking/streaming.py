"""StreamingTracker: frames in at camera rate, tracks of the newest frame out. Knows no checkpoint.

A model is too slow for every frame. It looks at keyframes, in a thread; meanwhile optical flow carries its
points from frame to frame. What it says of frame t is known at frame t + k, and is carried through those k
frames, so that tracks are always about the newest frame.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TypeVar

import numpy as np

from molmo_act.asking import check_query
from molmo_act.errors import InputError, QueryError
from molmo_act.images import ImageInput, to_rgb
from molmo_act.tracking.frames import FlowFrame, FrameBuffer
from molmo_act.tracking.grounding import (
    Grounding,
    Keyframe,
    Memoryless,
    Pointer,
    StreamPointer,
    catch_up,
    ground,
)
from molmo_act.tracking.objects import FollowedObjects
from molmo_act.tracking.packages import assignment, opencv
from molmo_act.tracking.propagation import take_up
from molmo_act.tracking.settings import EAGERNESS, TrackerSettings
from molmo_act.tracking.workers import Beside, InStep, Worker
from molmo_act.tracks import Tracks

logger = logging.getLogger(__name__)

Self = TypeVar("Self", bound="StreamingTracker")


@dataclass(frozen=True)
class TrackerStats:
    """What happened so far.

    Attributes:
        frames: Frames that were taken.
        refused: Frames that could not be used: no picture, or a timestamp not later than the last one.
        restarts: How often the size of the frames changed, and everything began anew.
        groundings: Answers of the model.
        grounding_errors: Keyframes for which the model raised an error.
        last_error: The newest of those errors; None when there was none.
        latency: Seconds of the stream from the newest grounding's keyframe to the frame that knew of it.
        overflowing: Objects the model saw while `TrackerSettings.max_objects` were followed already.
    """

    frames: int = 0
    refused: int = 0
    restarts: int = 0
    groundings: int = 0
    grounding_errors: int = 0
    last_error: Exception | None = None
    latency: float = 0.0
    overflowing: int = 0


class StreamingTracker:
    """Follows what words name on an endless stream of frames, in constant memory.

    Its methods may be called from several threads. Objects keep their number while they are followed, also
    through an occlusion, and no number is given twice.

    Args:
        point: Who points, on single keyframes or remembering earlier ones; `PointingModel.tracker` gives the
            model.
        queries: What to follow, in words.
        settings: How; None for the defaults.

    Raises:
        MissingExtraError: OpenCV or SciPy is not installed.
        QueryError: A query is empty, too long, or not plain words.
    """

    def __init__(
        self,
        point: Pointer | StreamPointer,
        queries: Sequence[str] = (),
        settings: TrackerSettings | None = None,
    ) -> None:
        for package in (opencv, assignment):  # what is missing is said now, not on some later frame
            package()
        for query in queries:
            check_query(query)
        self.settings = settings = settings or TrackerSettings()
        self._pointer = point if isinstance(point, StreamPointer) else Memoryless(point)
        self._pointed_in: FrameBuffer | None = None  # of the stream that the pointer remembers
        self._queries = list(dict.fromkeys(queries))
        self._worker: Worker = (
            InStep(self._work, settings.latency) if settings.synchronous else Beside(self._work)
        )
        self._lock = threading.RLock()
        self._buffer = FrameBuffer()
        self._objects = FollowedObjects(settings)
        self._newest: FlowFrame | None = None
        self._image_size: tuple[int, int] | None = None
        self._keyframe_at: float | None = None
        self._wanted = False
        self._closed = False
        self._stats = TrackerStats()

    # --- the stream -------------------------------------------------------------------------------------

    def update(self, frame: ImageInput, timestamp: float) -> Tracks:
        """Takes the next frame.

        Args:
            frame: uint8 RGB (H, W, 3), or whatever else `molmo_act.images.to_rgb` takes. Not kept: it may be
                overwritten afterwards. When its size differs from the last one's, objects are forgotten,
                queries stay, and `stats.restarts` counts it.
            timestamp: Seconds, later than those of the last frame.

        Returns:
            All objects on this frame.

        Raises:
            ImageError: The frame cannot be used; the tracker is as it was.
            InputError: The timestamp is not a later one, or the tracker is closed; the tracker is as it was.
        """
        with self._lock:
            self._refuse_when_closed()
            image, now = self._checked(frame, timestamp)
            size = (image.shape[1], image.shape[0])
            if self._image_size not in (None, size):
                logger.warning(
                    "The frames changed from %s to %s pixels; tracking begins anew.", self._image_size, size
                )
                self.reset()
                self._count(restarts=self._stats.restarts + 1)
            self._image_size = size
            newest = FlowFrame.of(self._stats.frames, now, image)
            self._count(frames=self._stats.frames + 1)
            self._propagate(newest)
            self._look(newest, image)
            self._objects.forget_lost(now)
            return self._tracks(newest)

    def follow(self, frames: Iterable[tuple[ImageInput, float]]) -> Iterator[tuple[np.ndarray, Tracks]]:
        """Takes a whole stream: yields each frame as uint8 RGB (H, W, 3), with its tracks.

        Args:
            frames: Pairs of a frame and its seconds, as `update` takes them.

        Raises:
            MolmoActError: See `update`.
            Exception: What the model raised, once the frames end, if it failed on every keyframe: that
                nothing was found then says nothing.
        """
        for frame, timestamp in frames:
            image = to_rgb(frame)
            yield image, self.update(image, timestamp)
        if self._stats.last_error is not None and not self._stats.groundings:
            raise self._stats.last_error

    # --- what is followed -------------------------------------------------------------------------------

    @property
    def queries(self) -> tuple[str, ...]:
        """What is looked for."""
        return tuple(self._queries)

    @property
    def stats(self) -> TrackerStats:
        """What happened so far."""
        return self._stats

    def add(self, what: str | tuple[float, float]) -> tuple[int, ...]:
        """Follows something else too.

        Args:
            what: A query: the model looks for it on the next frame. Or a point (x, y) on the newest frame, in
                pixels; it is followed by flow alone, which finds again only what was hidden for a moment.

        Returns:
            Numbers of the objects that are followed from now on because of this: one for a point; none for a
            query, whose objects are not known before the model has looked.

        Raises:
            InputError: There is no frame yet, the point lies outside of it, there is no room for another
                object, or the tracker is closed.
            QueryError: The query is empty, too long, or not plain words.
        """
        with self._lock:
            self._refuse_when_closed()
            if not isinstance(what, str):
                return (self._add_point(what),)
            check_query(what)
            if what not in self._queries:
                self._queries.append(what)
            self.refresh()
            return ()

    def remove(self, what: int | str) -> None:
        """Follows something no longer.

        Args:
            what: Number of an object; the model may still see it, but it is not heard of again while it is
                there. Or a query, which goes with all its objects.

        Raises:
            InputError: There is no such object or query.
        """
        with self._lock:
            if isinstance(what, str):
                self._remove_query(what)
                return
            try:
                self._objects.dismiss(what)
            except KeyError as exc:
                shown = ", ".join(str(one.object_id) for one in self._objects.shown()) or "none"
                raise InputError(f"There is no object {what} to remove; followed are: {shown}.") from exc

    def refresh(self) -> None:
        """Has the model look at the next frame, or as soon as it is free."""
        self._wanted = True

    def reset(self) -> None:
        """Forgets all objects and frames; queries stay, numbers go on, and timestamps may begin anew."""
        with self._lock:
            self._worker.forget()
            self._objects.clear()
            # What the model is working on keeps the old one, and is dropped for it.
            self._buffer = FrameBuffer()
            self._newest = self._keyframe_at = self._image_size = None

    def close(self) -> None:
        """Ends the thread, after the model's last answer. May be called twice."""
        with self._lock:
            self._closed = True
        self._worker.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- one frame --------------------------------------------------------------------------------------

    def _checked(self, frame: ImageInput, timestamp: float) -> tuple[np.ndarray, float]:
        try:
            now = _seconds(timestamp)
            last = self._newest.timestamp if self._newest else -math.inf
            if now <= last:
                raise InputError(
                    f"The frame's timestamp is {now} s, but the last one's was {last} s; expected a later "
                    "one. Leave the frame out, or call reset() when a recording starts again."
                )
            return to_rgb(frame), now
        except InputError:
            self._count(refused=self._stats.refused + 1)
            raise

    def _propagate(self, newest: FlowFrame) -> None:
        before, self._newest = self._newest, newest
        self._buffer.append(newest)
        if before is not None:
            self._objects.move(before, newest)

    def _look(self, newest: FlowFrame, image: np.ndarray) -> None:
        """Takes what the worker has found, and gives it a keyframe when one is due."""
        self._take(newest)
        if self._worker.idle and self._is_due(newest.timestamp):
            self._give(newest, image)
            if self.settings.synchronous:  # it may be done
                self._take(newest)
        if self._worker.idle:
            self._buffer.forget_before(newest.number)

    def _give(self, newest: FlowFrame, image: np.ndarray) -> None:
        """A keyframe to the worker."""
        self._wanted, self._keyframe_at = False, newest.timestamp
        self._objects.expect(newest.timestamp)
        self._buffer.forget_before(newest.number)
        copy = image if self.settings.synchronous and not self.settings.latency else image.copy()
        self._worker.start(Keyframe(newest, copy, tuple(self._queries), self._buffer))

    def _take(self, newest: FlowFrame) -> None:
        """What the worker has found, if it has."""
        try:
            found = self._worker.result(newest.timestamp)
        except Exception as error:
            if str(error) != str(self._stats.last_error):  # once, not at every keyframe
                logger.warning("The model failed on a keyframe: %s", error)
            self._count(grounding_errors=self._stats.grounding_errors + 1, last_error=error)
            return
        if found is not None and found.keyframe.buffer is self._buffer:
            self._merge(catch_up(found), newest.timestamp)

    def _merge(self, found: Grounding, now: float) -> None:
        overflowing = self._objects.merge(found, self._queries, now)
        self._count(
            groundings=self._stats.groundings + 1,
            latency=now - found.keyframe.frame.timestamp,
            overflowing=self._stats.overflowing + overflowing,
        )

    def _is_due(self, now: float) -> bool:
        if not self._queries:
            return False
        if self._wanted or self._keyframe_at is None:
            return True
        rate = self.settings.rate * (EAGERNESS if self._objects.in_doubt(now) else 1)
        return now - self._keyframe_at >= 1 / rate - 1e-6

    def _work(self, keyframe: Keyframe) -> Grounding:
        """What the worker does, perhaps in its thread."""
        if keyframe.buffer is not self._pointed_in:
            self._pointer.begin()
            self._pointed_in = keyframe.buffer
        return catch_up(ground(self._pointer, keyframe))

    def _tracks(self, newest: FlowFrame) -> Tracks:
        assert self._image_size is not None
        shown = self._objects.shown()
        return Tracks(
            timestamp=newest.timestamp,
            frame_index=newest.number,
            image_size=self._image_size,
            xy=np.array([one.carried.xy / newest.scale for one in shown]),
            object_id=np.array([one.object_id for one in shown]),
            score=np.array([one.score_at(newest.timestamp) for one in shown]),
            visible=np.array([one.visible for one in shown]),
            age=np.array([newest.timestamp - one.seen_at for one in shown]),
            source=[one.source for one in shown],
            query=[one.query for one in shown],
        )

    # --- adding and removing ----------------------------------------------------------------------------

    def _add_point(self, xy: tuple[float, float]) -> int:
        if self._newest is None or self._image_size is None:
            raise InputError(f"The point {xy} was added before the first frame; call update() first.")
        width, height = self._image_size
        try:
            x, y = (float(value) for value in xy)
        except (TypeError, ValueError) as exc:
            raise InputError(f"Got {xy!r} to follow; expected words, or a point (x, y) in pixels.") from exc
        if not (0 <= x < width and 0 <= y < height):
            raise InputError(f"The point ({x}, {y}) lies outside of the frame of {width}×{height} pixels.")
        if not self._objects.make_room():
            raise InputError(
                f"{self.settings.max_objects} objects are followed already, which is the most; remove one, "
                "or ask for more with max_objects."
            )
        place = take_up(self._newest, np.array([x, y]) * self._newest.scale)
        return self._objects.add_point(place, self._newest.timestamp)

    def _remove_query(self, query: str) -> None:
        if query not in self._queries:
            raise QueryError(f"The query {query!r} is not looked for; looked for are: {self._queries}.")
        self._queries.remove(query)
        self._objects.remove_query(query)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise InputError("The tracker is closed; make a new one.")

    def _count(self, **changes: object) -> None:
        self._stats = replace(self._stats, **changes)  # type: ignore[arg-type]


def _seconds(timestamp: float) -> float:
    try:
        seconds = float(timestamp)
    except (TypeError, ValueError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise InputError(f"The frame's timestamp is {timestamp!r}; expected seconds, a finite number.")
    return seconds
