"""Configuration of a tracker, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass

from molmo_act.errors import InputError
from molmo_act.validation import check_bool, check_int, check_number


@dataclass(frozen=True)
class TrackerConfig:
    """How often a tracker asks its model, and how long and how many objects it remembers.

    Attributes:
        rate: Groundings per second of the stream, at most, and as far as the model is fast enough. While an
            object is in doubt, up to `DOUBT_RATE_FACTOR` times as many.
        synchronous: Ground within `update`, on the frame itself: slow, but the same frames give the same
            tracks. Otherwise groundings run in a thread and `update` never waits.
        latency: With `synchronous`: seconds of the stream after which a grounding is known, to simulate a
            model that takes this long.
        max_misses: Number of consecutive groundings that may miss an object before it is lost. Groundings
            that follow one another faster than `rate` count as one, since their errors are alike.
        lost_timeout: Seconds for which a lost object may come back with its id.
        max_objects: Most objects to track. Lost ones count until their room is needed; removed ones do not.

    Raises:
        InputError: A value is of the wrong kind or out of range.
    """

    rate: float = 2.0
    synchronous: bool = False
    latency: float = 0.0
    max_misses: int = 3
    lost_timeout: float = 30.0
    max_objects: int = 256

    def __post_init__(self) -> None:
        checked = {
            "rate": check_number("rate", self.rate, above=0, what="groundings per second"),
            "synchronous": check_bool("synchronous", self.synchronous),
            "latency": check_number("latency", self.latency, least=0, what="seconds"),
            "max_misses": check_int("max_misses", self.max_misses),
            "lost_timeout": check_number("lost_timeout", self.lost_timeout, above=0, what="seconds"),
            "max_objects": check_int("max_objects", self.max_objects),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.latency and not self.synchronous:
            raise InputError("latency was given without synchronous=True; expected both, or no latency.")


DOUBT_RATE_FACTOR = 4.0
DOUBT_SIMILARITY = 0.6
"""An object whose appearance is less similar than this to how it looked when it was grounded is in doubt."""
SEARCH_SECONDS = 2.0
"""Seconds after its loss in which an object is searched for at the raised rate, and in which whatever is
detected where it is expected is taken for it."""

VIDEO_EXTRA = {"extra": "video", "purpose": "tracking objects on video"}
"""Arguments of `import_optional` for OpenCV and SciPy."""
