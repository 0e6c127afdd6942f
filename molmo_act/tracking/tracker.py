"""StreamingTracker: frames in at camera rate, tracks of the newest frame out.

A model is too slow for every frame. It grounds keyframes, in a thread; meanwhile optical flow propagates its
points from frame to frame. What it says of frame t is known at frame t + k and is propagated through those k
frames, so that tracks are always about the newest frame.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import NoReturn, TypeVar

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.errors import InputError, QueryError
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.outputs.tracks import Tracks
from molmo_act.request import as_list, check_query
from molmo_act.tracking.config import DOUBT_RATE_FACTOR, VIDEO_EXTRA, TrackerConfig
from molmo_act.tracking.executor import GroundingExecutor, SynchronousExecutor, ThreadedExecutor
from molmo_act.tracking.failing_queries import FailingQueries
from molmo_act.tracking.frame_buffer import FlowFrame, FrameBuffer
from molmo_act.tracking.keyframe import (
    Grounding,
    Keyframe,
    NeighbourPointer,
    Pointer,
    StatelessPointer,
    StreamPointer,
    catch_up,
    ground,
)
from molmo_act.tracking.optical_flow import init_point
from molmo_act.tracking.stream_arguments import check_pairs, check_seconds, check_xy
from molmo_act.tracking.stream_parts import FrameMasks, TrackerStats
from molmo_act.tracking.track_set import TrackSet
from molmo_act.validation import check_int, wrong

logger = logging.getLogger(__name__)

Self = TypeVar("Self", bound="StreamingTracker")


class StreamingTracker:
    """Tracks what queries name on an endless stream of frames, in constant memory.

    Its methods may be called from several threads. Objects keep their id while they are tracked, also through
    an occlusion, and no id is given twice.

    Args:
        pointer: The model: a function that points on single keyframes, or an object that remembers earlier
            ones. `PointingModel.tracker` passes its own.
        queries: What to track, in words, or several.
        config: Rates and limits; None for the defaults.
        check_query: Raises `QueryError` for a query that the model cannot read.
        masks: What segments the visible objects of each frame, for `Tracks.masks`; None for no masks.

    Raises:
        InputError: The pointer cannot be called, or the configuration is of another kind.
        MissingExtraError: OpenCV or SciPy is not installed.
        QueryError: A query is empty, too long, or not plain words.
    """

    def __init__(
        self,
        pointer: Pointer | StreamPointer,
        queries: str | Sequence[str] = (),
        config: TrackerConfig | None = None,
        *,
        check_query: Callable[[object], None] = check_query,
        masks: FrameMasks | None = None,
    ) -> None:
        for package in ("cv2", "scipy.optimize"):  # a missing one is reported now, not on some later frame
            import_optional(package, **VIDEO_EXTRA)
        queries = as_list(queries)
        for query in queries:
            check_query(query)
        if not isinstance(config, TrackerConfig | None):
            raise wrong("config", config, "a TrackerConfig, or None for the defaults")
        if not isinstance(pointer, StreamPointer) and not callable(pointer):
            raise wrong("pointer", pointer, "a function of an image and queries, or a StreamPointer")
        self.config = config = config or TrackerConfig()
        self._check_query = check_query
        self._pointer = pointer if isinstance(pointer, StreamPointer) else StatelessPointer(pointer)
        neighbours = pointer.frames_before if isinstance(pointer, NeighbourPointer) else 0
        self._before: deque[np.ndarray] = deque(maxlen=neighbours)
        self._masks = masks
        self._pointer_buffer: FrameBuffer | None = None  # of the stream that the pointer remembers
        self._queries = list(dict.fromkeys(queries))
        self._failing = FailingQueries()
        self._executor: GroundingExecutor = (
            SynchronousExecutor(self._ground, config.latency)
            if config.synchronous
            else ThreadedExecutor(self._ground)
        )
        self._lock = threading.RLock()
        self._buffer = FrameBuffer()
        self._tracks = TrackSet(config)
        self._newest: FlowFrame | None = None
        self._image_size: tuple[int, int] | None = None
        self._keyframe_at: float | None = None
        self._refresh_requested = False
        self._truncated = False  # the newest answer
        self._closed = False
        self._stats = TrackerStats()

    # --- the stream -------------------------------------------------------------------------------------

    def update(self, frame: ImageInput, timestamp: float) -> Tracks:
        """Takes the next frame.

        Args:
            frame: uint8 RGB (H, W, 3), or whatever else `molmo_act.io.image.to_rgb` takes. Not kept: it may
                be overwritten afterwards. When its size differs from the last one's, objects are forgotten,
                queries stay, and `stats.restarts` counts it.
            timestamp: Seconds, later than those of the last frame.

        Returns:
            All objects on this frame, in pixels of this frame.

        Raises:
            ImageError: The frame cannot be used; the tracker is as it was.
            InputError: The timestamp is not a later one, or the tracker is closed; the tracker is as it was.
        """
        with self._lock:
            self._check_open()
            image, now = self._checked(frame, timestamp)
            size = (image.shape[1], image.shape[0])
            if self._image_size not in (None, size):
                logger.warning(
                    "The frames changed from %s to %s pixels; tracking begins anew.", self._image_size, size
                )
                self.reset()
                self._count(restarts=self._stats.restarts + 1)
            self._image_size = size
            newest = FlowFrame.from_image(self._stats.frames, now, image)
            self._count(frames=self._stats.frames + 1)
            self._propagate(newest)
            self._exchange_groundings(newest, image)
            self._tracks.drop_expired(now)
            if self._before.maxlen:
                self._before.append(image.copy())
            tracks = self._report(newest)
            return tracks if self._masks is None else replace(tracks, masks=self._masks.of(image, tracks))

    def track(self, frames: Iterable[tuple[ImageInput, float]]) -> Iterator[tuple[np.ndarray, Tracks]]:
        """Takes a whole stream.

        Args:
            frames: Pairs of a frame and its timestamp in seconds, as `update` takes them.

        Yields:
            Each frame as uint8 RGB (H, W, 3), with its tracks.

        Raises:
            MolmoActError: See `update`.
            InputError: The frames are no pairs.
            Exception: What the model raised, once the frames end, if it failed on every keyframe: that
                nothing was found then says nothing.
        """
        for frame, timestamp in check_pairs(frames):
            image = to_rgb(frame)
            yield image, self.update(image, timestamp)
        if self._stats.last_error is not None and not self._stats.groundings:
            raise self._stats.last_error

    # --- what is tracked --------------------------------------------------------------------------------

    @property
    def queries(self) -> tuple[str, ...]:
        """What is looked for, in words."""
        return tuple(self._queries)

    @property
    def stats(self) -> TrackerStats:
        """Counters since the tracker was made."""
        return self._stats

    def add(self, what: str | tuple[float, float]) -> tuple[int, ...]:
        """Tracks something else too.

        Args:
            what: A query: the model looks for it on the next frame. Or a point (x, y) on the newest frame, in
                pixels; it is tracked by flow alone, which finds again only what was hidden for a moment.

        Returns:
            Ids of the objects that are tracked from now on because of this: one for a point; none for a
            query, whose objects are not known before the model has looked.

        Raises:
            InputError: There is no frame yet, the point lies outside of it, there is no room for another
                object, or the tracker is closed.
            QueryError: The query is empty, too long, or not plain words.
        """
        with self._lock:
            self._check_open()
            if not isinstance(what, str):
                return (self._add_point(check_xy(what)),)
            self._check_query(what)
            if what not in self._queries:
                self._queries.append(what)
            self.refresh()
            return ()

    def remove(self, what: int | str) -> None:
        """Stops tracking something.

        Args:
            what: Id of an object; the model may still detect it, but it is not reported while it is there. Or
                a query, which goes with all its objects.

        Raises:
            InputError: There is no such object.
            QueryError: There is no such query.
        """
        with self._lock:
            if isinstance(what, str):
                self._remove_query(what)
                return
            what = check_int("The object to remove", what)
            try:
                self._tracks.hide(what)
            except KeyError as exc:
                shown = ", ".join(str(track.object_id) for track in self._tracks.reported()) or "none"
                raise InputError(f"There is no object {what} to remove; tracked are: {shown}.") from exc

    def refresh(self) -> None:
        """Has the model ground the next frame, or the first one after its present answer."""
        self._refresh_requested = True

    def reset(self) -> None:
        """Forgets all objects and frames; queries stay, ids go on, and timestamps may begin anew."""
        with self._lock:
            self._executor.cancel()
            self._tracks.clear()
            # A keyframe that the model is working on keeps the old buffer; its grounding is dropped for that.
            self._buffer = FrameBuffer()
            self._newest = self._keyframe_at = self._image_size = None
            self._truncated = False
            self._before.clear()
            if self._masks is not None:
                self._masks.reset()

    def close(self) -> None:
        """Ends the thread, after the model's last answer. May be called twice."""
        with self._lock:
            self._closed = True
        self._executor.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuses to copy or pickle a tracker: it holds a lock, perhaps a thread, and a model."""
        raise TypeError(
            "A StreamingTracker cannot be copied or pickled: it belongs to one stream and one process. Make "
            "another one there; its tracks and its config can be copied and pickled."
        )

    # --- one frame --------------------------------------------------------------------------------------

    def _checked(self, frame: ImageInput, timestamp: float) -> tuple[np.ndarray, float]:
        try:
            now = check_seconds(timestamp)
            last = self._newest.timestamp if self._newest else -math.inf
            if now <= last:
                raise InputError(
                    f"The frame's timestamp is {now} s, but the last one's was {last} s; expected a later "
                    "one. Leave the frame out, or call reset() when a recording starts again."
                )
            return to_rgb(frame), now
        except InputError:
            self._count(rejected=self._stats.rejected + 1)
            raise

    def _propagate(self, newest: FlowFrame) -> None:
        before, self._newest = self._newest, newest
        self._buffer.append(newest)
        if before is not None:
            self._tracks.propagate(before, newest)

    def _exchange_groundings(self, newest: FlowFrame, image: np.ndarray) -> None:
        """Collects a grounding that is ready, and submits a keyframe when one is due."""
        self._collect(newest)
        if self._executor.idle and self._is_due(newest.timestamp):
            self._submit(newest, image)
            if self.config.synchronous:  # it may be done
                self._collect(newest)
        if self._executor.idle:
            self._buffer.drop_before(newest.number)

    def _submit(self, newest: FlowFrame, image: np.ndarray) -> None:
        asked = self._failing.due(self._queries, every=self._refresh_requested)
        self._refresh_requested, self._keyframe_at = False, newest.timestamp
        self._tracks.predict(newest.timestamp)
        self._buffer.drop_before(newest.number)
        copy = image if self.config.synchronous and not self.config.latency else image.copy()
        self._executor.submit(Keyframe(newest, copy, asked, self._buffer, tuple(self._before)))

    def _collect(self, newest: FlowFrame) -> None:
        try:
            grounding = self._executor.poll(newest.timestamp)
        except Exception as error:
            self._note("The model failed on a keyframe: %s", error)
            return
        if grounding is not None and grounding.keyframe.buffer is self._buffer:
            self._merge(catch_up(grounding), newest.timestamp)

    def _note(self, text: str, error: Exception) -> None:
        if str(error) != str(self._stats.last_error):  # once, not at every keyframe
            logger.warning(text, error)
        self._count(grounding_errors=self._stats.grounding_errors + 1, last_error=error)

    def _merge(self, grounding: Grounding, now: float) -> None:
        self._failing.note(grounding.keyframe.queries, grounding.failed)
        if grounding.failed:
            query, error = next(iter(grounding.failed.items()))
            self._note(f"The model failed on the query {query!r}: %s", error)
        self._truncated = grounding.truncated
        dropped = self._tracks.merge(grounding, self._queries, now)
        self._count(
            groundings=self._stats.groundings + 1,
            failing=self._failing.errors,
            latency=now - grounding.keyframe.frame.timestamp,
            dropped_objects=self._stats.dropped_objects + dropped,
        )

    def _is_due(self, now: float) -> bool:
        if not self._queries:
            return False
        if self._refresh_requested or self._keyframe_at is None:
            return True
        rate = self.config.rate * (DOUBT_RATE_FACTOR if self._tracks.in_doubt(now) else 1)
        return now - self._keyframe_at >= 1 / rate - 1e-6

    def _ground(self, keyframe: Keyframe) -> Grounding:
        """Grounds a keyframe; called by the executor, perhaps in its thread."""
        if keyframe.buffer is not self._pointer_buffer:
            self._pointer.reset()
            self._pointer_buffer = keyframe.buffer
        return catch_up(ground(self._pointer, keyframe))

    def _report(self, newest: FlowFrame) -> Tracks:
        assert self._image_size is not None
        reported = self._tracks.reported()
        return Tracks(
            timestamp=newest.timestamp,
            frame_index=newest.number,
            image_size=self._image_size,
            xy=np.array([track.point.xy / newest.scale for track in reported]),
            object_id=np.array([track.object_id for track in reported]),
            score=np.array([track.score_at(newest.timestamp) for track in reported]),
            visible=np.array([track.visible for track in reported]),
            age=np.array([newest.timestamp - track.seen_at for track in reported]),
            source=[track.source for track in reported],
            query=[track.query for track in reported],
            truncated=self._truncated,
        )

    # --- adding and removing ----------------------------------------------------------------------------

    def _add_point(self, xy: tuple[float, float]) -> int:
        if self._newest is None or self._image_size is None:
            raise InputError(f"The point {xy} was added before the first frame; call update() first.")
        width, height = self._image_size
        x, y = xy
        if not (0 <= x < width and 0 <= y < height):
            raise InputError(f"The point ({x}, {y}) lies outside of the frame of {width}×{height} pixels.")
        if not self._tracks.make_room():
            raise InputError(
                f"{self.config.max_objects} objects are tracked already, which is the most; remove one, "
                "or ask for more with max_objects."
            )
        point = init_point(self._newest, np.array([x, y]) * self._newest.scale)
        return self._tracks.add_point(point, self._newest.timestamp)

    def _remove_query(self, query: str) -> None:
        if query not in self._queries:
            raise QueryError(f"The query {query!r} is not looked for; looked for are: {self._queries}.")
        self._queries.remove(query)
        self._failing.forget(query)
        self._tracks.remove_query(query)

    def _check_open(self) -> None:
        if self._closed:
            raise InputError("The tracker is closed; make a new one.")

    def _count(self, **changes: object) -> None:
        self._stats = replace(self._stats, **changes)  # type: ignore[arg-type]
