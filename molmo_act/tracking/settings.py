"""How a tracker follows: numbers, checked. Knows no frames and no model."""

from __future__ import annotations

import math
from dataclasses import dataclass

from molmo_act.errors import InputError


@dataclass(frozen=True)
class TrackerSettings:
    """How often the model looks, and how long and how much is remembered.

    Attributes:
        rate: Groundings a second of the stream, at most and as far as the model is fast enough. While an
            object is in doubt, up to `EAGERNESS` times as many.
        synchronous: Ground within `update`, on the frame itself: slow, but the same frames give the
            same tracks. Otherwise in a thread, and `update` never waits.
        latency: With `synchronous`: seconds of the stream after which a grounding is known, to see how
            a model that needs so long would do.
        patience: How many groundings in a row may miss an object before it is lost; those that follow
            faster than `rate` count as one, as they err alike.
        memory: Seconds for which a lost object may come back with its number.
        max_objects: Most objects to follow. Lost ones count until there is no room for what is seen;
            removed ones do not.

    Raises:
        InputError: A number is out of range.
    """

    rate: float = 2.0
    synchronous: bool = False
    latency: float = 0.0
    patience: int = 3
    memory: float = 30.0
    max_objects: int = 256

    def __post_init__(self) -> None:
        for name in ("rate", "memory"):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise InputError(f"{name} is {value}; expected a number above 0.")
        if not (self.latency >= 0 and math.isfinite(self.latency)):
            raise InputError(f"latency is {self.latency}; expected seconds of at least 0.")
        if self.latency and not self.synchronous:
            raise InputError("latency was given without synchronous=True; expected both, or no latency.")
        for name in ("patience", "max_objects"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; expected at least 1.")


EAGERNESS = 4.0
DOUBT = 0.6  # likeness below which the model had better look again
SEARCH = 2.0  # seconds for which a lost object is looked for eagerly, and taken for what is seen in its place
