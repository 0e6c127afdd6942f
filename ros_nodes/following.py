"""One goal of TrackObject: which object it follows, and when that has come to an end; knows no ROS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

LOST, NOT_FOUND = "lost", "not found"


class Track(Protocol):
    """What is looked at of a `molmo_act` track."""

    object_id: int
    score: float
    visible: bool
    query: str | None


@dataclass
class Follower:
    """Finds one object of a query and stays with it.

    Attributes:
        query: What is to be found, in words.
        lost_after: Seconds without sight of the object after which it is lost.
        not_found_after: Seconds after which an object that was never seen is given up.
        object_id: The object's number; 0 before it was found.
    """

    query: str
    lost_after: float
    not_found_after: float
    object_id: int = 0

    def __post_init__(self) -> None:
        self._seen: float | None = None  # or, before it was found, when the search began

    def look(self, tracks: Any) -> tuple[Track | None, str]:
        """Looks at the tracks of the next frame.

        Args:
            tracks: `molmo_act` Tracks.

        Returns:
            The object on this frame, or None; and why this is the end, or nothing.
        """
        now = tracks.timestamp
        if self._seen is None or now < self._seen:  # a recording that starts again
            self._seen = now
        if not self.object_id:
            seen = [track for track in tracks if track.query == self.query and track.visible]
            self.object_id = max(seen, key=lambda track: track.score).object_id if seen else 0
        track = next((one for one in tracks if one.object_id == self.object_id), None)
        if track is not None and track.visible:
            self._seen = now
        if now - self._seen > (self.lost_after if self.object_id else self.not_found_after):
            return track, LOST if self.object_id else NOT_FOUND
        return track, ""
