"""All tracked objects: how they move, which detection is which object, which are new and which expire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np

from molmo_act.tracking.association import AssociationItem, associate
from molmo_act.tracking.config import DOUBT_SIMILARITY, SEARCH_SECONDS, TrackerConfig
from molmo_act.tracking.frame_buffer import FlowFrame
from molmo_act.tracking.keyframe import Detection, Grounding
from molmo_act.tracking.optical_flow import TrackedPoint, propagate, reacquire
from molmo_act.tracking.track import TrackState


class TrackSet:
    """The objects of one tracker. No id is given twice, also after `clear`.

    Args:
        config: How many objects there may be, and how long lost ones are remembered.
    """

    def __init__(self, config: TrackerConfig) -> None:
        self._config = config
        self._tracks: dict[int, TrackState] = {}
        self._predictions: dict[int, AssociationItem] = {}  # on the keyframe that is being grounded
        self._most_at_once: Counter[str | None] = Counter()  # detections of a query on one keyframe
        self._last_id = 0

    def __iter__(self) -> Iterator[TrackState]:
        return iter(self._tracks.values())

    def __len__(self) -> int:
        return len(self._tracks)

    def make_room(self) -> bool:
        """Makes room for another object; the one that has been lost longest may be forgotten for it.

        Returns:
            Whether there is room.
        """
        counted = [track for track in self if not track.hidden]
        if len(counted) < self._config.max_objects:
            return True
        lost = [
            (track.confirmed, track.lost_at, track.object_id)
            for track in counted
            if track.lost_at is not None
        ]
        if lost:
            del self._tracks[min(lost)[-1]]
        return bool(lost)

    def reported(self) -> list[TrackState]:
        """Lists the objects that the caller sees.

        Returns:
            All but those that were removed, and those that were detected once and lost since.
        """
        return [track for track in self if not track.hidden and (track.confirmed or track.visible)]

    def in_doubt(self, now: float) -> bool:
        """Tells whether the model should ground a frame soon.

        Args:
            now: Timestamp of the newest frame in seconds.

        Returns:
            Whether an object with a query looks different from before, or was lost a short time ago.
        """
        wanted = (track for track in self if track.query is not None and not track.hidden)
        return any(
            track.point.similarity < DOUBT_SIMILARITY
            if track.visible
            else track.lost_for(now) < SEARCH_SECONDS
            for track in wanted
        )

    # --- frames -----------------------------------------------------------------------------------------

    def propagate(self, before: FlowFrame, newest: FlowFrame) -> None:
        """Moves visible objects from one frame to the next, and looks for those that were lost recently.

        Args:
            before: The frame the objects are on.
            newest: The next frame, of the same size.
        """
        visible = [track for track in self if track.visible]
        moved = propagate(before, newest, [track.point for track in visible])
        for track, point in zip(visible, moved, strict=True):
            track.apply_flow(point, before.timestamp, newest.timestamp)
        for track in self:
            # What the model does not detect any more is not there, whatever flow takes for it.
            given_up = track.misses >= self._config.max_misses
            recently = track.lost_for(newest.timestamp) < SEARCH_SECONDS
            if not track.visible and recently and not given_up:
                others = [other.point for other in self if other.visible]
                area = track.search_area(newest.timestamp)
                track.apply_reacquired(reacquire(newest, track.point, *area, others))

    def drop_expired(self, now: float) -> None:
        """Forgets objects that have been lost for too long.

        Args:
            now: Timestamp of the newest frame in seconds.
        """
        kept = (track for track in self if track.lost_for(now) <= self._config.lost_timeout)
        self._tracks = {track.object_id: track for track in kept}

    # --- groundings -------------------------------------------------------------------------------------

    def predict(self, now: float) -> None:
        """Keeps where the model should detect each object on a keyframe, until `merge` compares it.

        Args:
            now: Timestamp of the keyframe in seconds.
        """
        self._predictions = {
            track.object_id: track.prediction(now) for track in self if track.query is not None
        }

    def merge(self, grounding: Grounding, queries: Collection[str], now: float) -> int:
        """Takes over the grounding of the keyframe for which `predict` was called.

        Args:
            grounding: The detections, propagated to the newest frame.
            queries: The queries that are still wanted.
            now: Timestamp of the newest frame in seconds.

        Returns:
            Number of detections for which there was no room.
        """
        seen_at = grounding.keyframe.frame.timestamp
        detections = grounding.detections
        self._most_at_once |= Counter(one.query for one in detections if one.query in queries)
        predictions = {
            object_id: replace(prediction, unique=self._is_unique(self._tracks[object_id]))
            for object_id, prediction in self._predictions.items()
            if object_id in self._tracks
        }
        ids = list(predictions)
        candidates = [
            AssociationItem(one.query, one.keyframe_point.xy, one.keyframe_point.descriptor, one.features)
            for one in detections
        ]
        pairs = associate(candidates, list(predictions.values()))
        for index, column in pairs:
            self._tracks[ids[column]].apply_detection(detections[index], seen_at)
        matched = {ids[column] for _, column in pairs}
        for object_id in ids:
            if object_id not in matched:
                self._miss(self._tracks[object_id], grounding, matched, now)
        assigned = {index for index, _ in pairs}
        new = [
            one
            for index, one in enumerate(detections)
            if index not in assigned and one.query in queries and one.current_point is not None
        ]
        return sum(self._appear(one, seen_at) is None for one in new)

    def _is_unique(self, track: TrackState) -> bool:
        """Whether any detection of its query is this object; a removed one stands for nothing but itself."""
        return self._most_at_once[track.query] <= 1 and not track.hidden

    def _miss(self, track: TrackState, grounding: Grounding, matched: set[int], now: float) -> None:
        """The model looked for an object and did not detect it, or detected one where two were tracked."""
        if track.query not in grounding.keyframe.queries or not track.visible:
            return
        others = (self._tracks[object_id] for object_id in matched)
        doubled = any(
            other.query == track.query
            and other.visible
            and np.linalg.norm(other.point.xy - track.point.xy) < other.point.radius
            for other in others
        )
        missed_at = grounding.keyframe.frame.timestamp
        if missed_at - track.missed_at >= 1 / self._config.rate - 1e-6:  # faster ones have the same errors
            track.misses, track.missed_at = track.misses + 1, missed_at
        if doubled:
            del self._tracks[track.object_id]
        elif track.misses >= self._config.max_misses or not track.confirmed:
            track.misses, track.lost_at = self._config.max_misses, now

    def _appear(self, detection: Detection, seen_at: float) -> int | None:
        """Tracks a new object; returns its id, or None where there is no room."""
        assert detection.current_point is not None
        if not self.make_room():
            return None
        return self._add(
            detection.query, detection.current_point, detection.score, seen_at, detection.features
        )

    # --- the caller -------------------------------------------------------------------------------------

    def add_point(self, point: TrackedPoint, now: float) -> int:
        """Tracks a point that the caller gave; ask `make_room` first.

        Args:
            point: The point on the newest frame.
            now: Timestamp of the newest frame in seconds.

        Returns:
            The id of the new object.
        """
        object_id = self._add(None, point, 1.0, now)
        self._tracks[object_id].confirmed = True
        return object_id

    def hide(self, object_id: int) -> None:
        """Stops reporting an object. One with a query is still tracked, lest it come back under a new id.

        Args:
            object_id: Its id.

        Raises:
            KeyError: There is no such object, or it was hidden before.
        """
        track = self._tracks[object_id]
        if track.hidden:
            raise KeyError(object_id)
        if track.query is None:
            del self._tracks[object_id]
        else:
            track.hidden = True

    def remove_query(self, query: str) -> None:
        """Forgets the objects of a query, and how many there were.

        Args:
            query: The query.
        """
        del self._most_at_once[query]
        self._tracks = {track.object_id: track for track in self if track.query != query}

    def clear(self) -> None:
        """Forgets all objects; ids go on."""
        self._tracks.clear()
        self._predictions.clear()
        self._most_at_once.clear()

    def _add(
        self,
        query: str | None,
        point: TrackedPoint,
        score: float,
        seen_at: float,
        features: np.ndarray | None = None,
    ) -> int:
        self._last_id += 1
        self._tracks[self._last_id] = TrackState(self._last_id, query, point, score, seen_at, features)
        return self._last_id
