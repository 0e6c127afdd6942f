"""One object while it is followed: where it is, when it was seen, whether it is lost. Knows no others."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from molmo_act.tracking.association import Candidate
from molmo_act.tracking.grounding import Sighting
from molmo_act.tracking.propagation import Carried
from molmo_act.tracking.settings import SEARCH
from molmo_act.tracks import GROUNDED, PROPAGATED

HALF_LIFE = 2.0  # seconds after which a score that was not renewed is halved
_LONGEST_GUESS = 1.0  # seconds for which a lost object is expected to have moved on as before
_LEAST_REACH = 32.0  # pixels by which the model's points on one object may differ
_REACH_IN_RADII = 5.0  # the same, of a large object: the radius describes its middle only
_SEARCH_SPEED = 200.0  # pixels a second by which the surroundings grow in which a lost object is expected
_SEEN_IN_RADII = 3.0  # how far from where it was lost an object is looked for without the model
_GUESS_ERROR = 0.5  # the same, as a part of the way that it may have gone since
_FURTHEST_SEEN = 48.0  # the same, in pixels, at most
_STEPS = 12  # frames over which the velocity is taken


@dataclass(eq=False)
class Followed:
    """An object that is followed, in pixels of `FlowFrame.rgb`.

    Attributes:
        object_id: Its number.
        query: What named it; None for a point that was given.
        carried: Where it is, or was when it was lost.
        score: The model's probability when it saw the object last.
        features: (D,), what the model saw there then; None where it does not say.
        seen_at: Seconds of the keyframe on which that was.
        confirmed: Whether it was seen more than once, or given by a person.
        dismissed: Whether nobody wants to hear of it any more.
        misses: How many groundings in a row did not see it.
        missed_at: Seconds of the keyframe of the last of them that counted.
        lost_at: Seconds of the frame on which it was lost; None while it is visible.
        source: Where its newest point comes from.
    """

    object_id: int
    query: str | None
    carried: Carried
    score: float
    seen_at: float
    features: np.ndarray | None = None
    confirmed: bool = False
    dismissed: bool = False
    misses: int = 0
    missed_at: float = -np.inf
    lost_at: float | None = None
    source: str = GROUNDED
    _steps: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=_STEPS))

    @property
    def velocity(self) -> np.ndarray:
        """(2,), pixels a second; the median of some frames, as the last before it is covered are false."""
        return np.median(self._steps, axis=0) if self._steps else np.zeros(2)

    @property
    def visible(self) -> bool:
        """Whether it is known where it is."""
        return self.lost_at is None

    def lost_for(self, now: float) -> float:
        """Seconds since it was lost; 0 while it is visible."""
        return 0.0 if self.lost_at is None else now - self.lost_at

    def move(self, moved: Carried | None, before: float, now: float) -> None:
        """Takes what flow says about the next frame; None for nothing, and the object is lost."""
        if moved is None:
            self.lost_at = now
            return
        self._steps.append((moved.xy - self.carried.xy) / (now - before))
        self.carried, self.source = moved, PROPAGATED

    def find(self, found: Carried | None) -> None:
        """Takes what was found of it after flow had lost it; None for nothing."""
        if found is not None:
            self.carried, self.lost_at, self.source = found, None, PROPAGATED

    def see(self, sighting: Sighting, seen_at: float) -> None:
        """Takes what the model saw; where flow could not bring that to the newest frame, its place stays."""
        self.score, self.seen_at, self.misses, self.confirmed = sighting.score, seen_at, 0, True
        self.features = sighting.features
        if sighting.now is not None:
            if not self.visible:
                self._steps.clear()
            self.carried, self.source, self.lost_at = sighting.now, GROUNDED, None

    def guess(self, now: float) -> np.ndarray:
        """(2,), where it is if it moved on as before since it was lost."""
        return self.carried.xy + self.velocity * min(self.lost_for(now), _LONGEST_GUESS)

    def surroundings(self, now: float) -> tuple[np.ndarray, float]:
        """(2,), the middle of where it may be seen again, and how far it may be from there, in pixels."""
        guess = self.guess(now)
        way = float(np.linalg.norm(guess - self.carried.xy))
        return guess, min(_SEEN_IN_RADII * self.carried.radius + _GUESS_ERROR * way, _FURTHEST_SEEN)

    def expected(self, now: float) -> Candidate:
        """Where a grounding of a frame should find it."""
        if self.visible:
            xy, reach = self.carried.xy, 0.0
        else:
            xy, reach = self.guess(now), _SEARCH_SPEED * self.lost_for(now)
        reach += max(_LEAST_REACH, _REACH_IN_RADII * self.carried.radius)
        look, gone = self.carried.look, self.lost_for(now) >= SEARCH
        return Candidate(self.query, xy, look, self.features, reach, not self.visible, gone)

    def score_at(self, now: float) -> float:
        """The score, halved for every `HALF_LIFE` since the model saw it."""
        return self.score * 0.5 ** ((now - self.seen_at) / HALF_LIFE)
