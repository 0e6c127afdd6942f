"""State of one tracked object: where it is, when it was grounded, whether it is lost."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from molmo_act.outputs.tracks import GROUNDED, PROPAGATED
from molmo_act.tracking.association import AssociationItem
from molmo_act.tracking.config import SEARCH_SECONDS
from molmo_act.tracking.keyframe import Detection
from molmo_act.tracking.optical_flow import TrackedPoint

HALF_LIFE = 2.0  # seconds after which a score that was not renewed is halved
_MAX_EXTRAPOLATION = 1.0  # seconds for which a lost object is expected to move on as before
_MIN_SEARCH_RADIUS = 32.0  # pixels by which the model's points on one object may differ
_SEARCH_RADII = 5.0  # the same in radii, for a large object: the radius describes its middle only
_SEARCH_SPEED = 200.0  # pixels a second by which the search radius of a lost object grows
_REACQUIRE_RADII = (
    3.0  # how far from its predicted position an object is reacquired without the model, in radii
)
_EXTRAPOLATION_ERROR = 0.5  # added to that, as a part of the extrapolated distance
_MAX_REACQUIRE_DISTANCE = 48.0  # pixels, the most that both come to
_MIN_FRAME_TIME = 1e-3  # seconds; timestamps that are closer do not tell a velocity
_VELOCITY_FRAMES = 12  # frames over which the velocity is taken


@dataclass(eq=False)
class TrackState:
    """A tracked object, in pixels of `FlowFrame.rgb`.

    Attributes:
        object_id: Its id.
        query: The query that names it; None for a point that was given.
        point: Where it is, or was when it was lost.
        score: The model's probability at the last grounding that detected it, in [0, 1].
        features: (D,), the model's features at that grounding; None where it gives none.
        seen_at: Timestamp of that keyframe in seconds.
        confirmed: Whether it was detected more than once, or given by a person.
        hidden: Whether the caller has removed it: it is still tracked, but not reported.
        misses: Number of consecutive groundings that did not detect it.
        missed_at: Timestamp in seconds of the last keyframe that counted as a miss.
        lost_at: Timestamp in seconds of the frame on which it was lost; None while it is visible.
        source: Where its newest point comes from, `GROUNDED` or `PROPAGATED`.
    """

    object_id: int
    query: str | None
    point: TrackedPoint
    score: float
    seen_at: float
    features: np.ndarray | None = None
    confirmed: bool = False
    hidden: bool = False
    misses: int = 0
    missed_at: float = -np.inf
    lost_at: float | None = None
    source: str = GROUNDED
    _velocities: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=_VELOCITY_FRAMES))

    @property
    def velocity(self) -> np.ndarray:
        """(2,), pixels per second; the median of some frames, since the last ones before a loss are wrong."""
        return np.median(self._velocities, axis=0) if self._velocities else np.zeros(2)

    @property
    def visible(self) -> bool:
        """Whether its position is known."""
        return self.lost_at is None

    def lost_for(self, now: float) -> float:
        """Tells how long it has been lost.

        Args:
            now: Timestamp of the newest frame in seconds.

        Returns:
            Seconds; 0 while it is visible.
        """
        return 0.0 if self.lost_at is None else now - self.lost_at

    def apply_flow(self, moved: TrackedPoint | None, before: float, now: float) -> None:
        """Moves it to the next frame.

        Args:
            moved: Its point on that frame; None where flow could not propagate it, and the object is lost.
            before: Timestamp of the frame before in seconds.
            now: Timestamp of the newest frame in seconds.
        """
        if moved is None:
            self.lost_at = now
            return
        self._velocities.append((moved.xy - self.point.xy) / max(now - before, _MIN_FRAME_TIME))
        self.point, self.source = moved, PROPAGATED

    def apply_reacquired(self, found: TrackedPoint | None) -> None:
        """Makes a lost object visible again.

        Args:
            found: Its point, by its appearance alone; None where it was not found.
        """
        if found is not None:
            self.point, self.lost_at, self.source = found, None, PROPAGATED

    def apply_detection(self, detection: Detection, seen_at: float) -> None:
        """Takes over a detection; where flow could not propagate it to the newest frame, the position stays.

        Args:
            detection: The detection that was assigned to this object.
            seen_at: Timestamp of the keyframe in seconds.
        """
        self.score, self.seen_at, self.misses, self.confirmed = detection.score, seen_at, 0, True
        self.features = detection.features
        if detection.current_point is not None:
            if not self.visible:
                self._velocities.clear()
            self.point, self.source, self.lost_at = detection.current_point, GROUNDED, None

    def predicted_xy(self, now: float) -> np.ndarray:
        """Extrapolates its position.

        Args:
            now: Timestamp of the newest frame in seconds.

        Returns:
            (2,), where it is if it has moved on as before since it was lost.
        """
        return self.point.xy + self.velocity * min(self.lost_for(now), _MAX_EXTRAPOLATION)

    def search_area(self, now: float) -> tuple[np.ndarray, float]:
        """Tells where a lost object may be reacquired without the model.

        Args:
            now: Timestamp of the newest frame in seconds.

        Returns:
            (2,), the middle of the area; and how far the object may be from there, in pixels.
        """
        middle = self.predicted_xy(now)
        distance = float(np.linalg.norm(middle - self.point.xy))
        reach = _REACQUIRE_RADII * self.point.radius + _EXTRAPOLATION_ERROR * distance
        return middle, min(reach, _MAX_REACQUIRE_DISTANCE)

    def prediction(self, now: float) -> AssociationItem:
        """Tells where a grounding should detect it.

        Args:
            now: Timestamp of the keyframe in seconds.

        Returns:
            What `association.associate` pairs with a detection.
        """
        if self.visible:
            xy, radius = self.point.xy, 0.0
        else:
            xy, radius = self.predicted_xy(now), _SEARCH_SPEED * self.lost_for(now)
        radius += max(_MIN_SEARCH_RADIUS, _SEARCH_RADII * self.point.radius)
        return AssociationItem(
            self.query,
            xy,
            self.point.descriptor,
            self.features,
            search_radius=radius,
            lost=not self.visible,
            long_lost=self.lost_for(now) >= SEARCH_SECONDS,
        )

    def score_at(self, now: float) -> float:
        """Tells the score that is reported.

        Args:
            now: Timestamp of the newest frame in seconds.

        Returns:
            `score`, halved for every `HALF_LIFE` since the grounding.
        """
        return float(self.score * 0.5 ** ((now - self.seen_at) / HALF_LIFE))
