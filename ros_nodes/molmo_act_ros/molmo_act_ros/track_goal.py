"""One goal of the action TrackObject: which object it tracks, and when and why it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from molmo_act.outputs.tracks import Track, Tracks


@dataclass(frozen=True)
class GoalEnd:
    """How a goal ended.

    Attributes:
        reason: Name of a constant of TrackObject.Result.
        message: The same for people.
    """

    reason: str
    message: str


@dataclass
class TrackGoal:
    """Finds one object of a query and stays with it.

    Attributes:
        query: What to find, in words.
        duration: Seconds of the stream to track it once it is found; 0 is no end.
        lost_after: Seconds after which an object that is not visible is lost.
        not_found_after: Seconds after which an object that was never visible is given up.
        began: When the goal began, on the monotonic clock in seconds.
        object_id: Id of the object; 0 until it is found.
    """

    query: str
    duration: float
    lost_after: float
    not_found_after: float
    began: float
    object_id: int = 0

    def __post_init__(self) -> None:
        self._seen: float | None = None  # or, before it was found, when the search began
        self._found: float | None = None
        self._last: float | None = None  # time of the last frame
        self._updated = self.began

    @property
    def patience(self) -> float:
        """Seconds without the object, or without any image, after which the goal gives up."""
        return self.lost_after if self.object_id else self.not_found_after

    def restart(self) -> None:
        """Begins to search anew, since the tracker has forgotten its objects and time may begin anew."""
        self.object_id, self._seen, self._found, self._last = 0, None, None, None

    def update(self, tracks: Tracks, now: float, failure: str | None) -> tuple[Track | None, GoalEnd | None]:
        """Takes the tracks of the next frame.

        Args:
            tracks: All tracks on the frame.
            now: The monotonic clock in seconds.
            failure: What the model raised, if it raised an error whenever it was asked lately.

        Returns:
            The object on this frame, or None; and how the goal ends here, or None to go on.
        """
        self._updated, when = now, tracks.timestamp
        seen_at = self._skip_gap(when)
        if not self.object_id:
            seen = [track for track in tracks if track.query == self.query and track.visible]
            if seen:
                self.object_id, self._found = max(seen, key=lambda track: track.score).object_id, when
        track = next((one for one in tracks if one.object_id == self.object_id), None)
        if track is not None and track.visible:
            self._seen = seen_at = when
        if self.duration and self._found is not None and seen_at - self._found >= self.duration:
            return track, GoalEnd("NONE", f"{self.query!r} was tracked for {self.duration:g} s")
        return track, self._given_up(when - seen_at, failure)

    def check_images(self, now: float) -> GoalEnd | None:
        """Ends the goal when images do not come any more.

        Args:
            now: The monotonic clock in seconds.

        Returns:
            How the goal ends, or None to go on.
        """
        silent = now - self._updated
        if silent <= self.patience:
            return None
        return GoalEnd("NO_IMAGES", f"no image that can be used came for {silent:.1f} s")

    def _skip_gap(self, when: float) -> float:
        """When the object was seen, or the search began, without a gap of the stream since then.

        A recording that jumps ahead shows nothing of what it leaves out: that it was not seen there, or was
        tracked, nobody knows.
        """
        gap = 0.0 if self._last is None else when - self._last
        self._last = when
        seen = when if self._seen is None else self._seen
        if gap > self.patience:
            seen += gap
            self._found = None if self._found is None else self._found + gap
        self._seen = seen
        return seen

    def _given_up(self, unseen: float, failure: str | None) -> GoalEnd | None:
        if unseen <= self.patience:
            return None
        if failure is not None:
            return GoalEnd("MODEL_FAILED", f"the model failed whenever it was asked: {failure}")
        what = "lost" if self.object_id else "not found"
        reason = "LOST" if self.object_id else "NOT_FOUND"
        return GoalEnd(reason, f"{self.query!r} was {what} for {self.patience:g} s")
