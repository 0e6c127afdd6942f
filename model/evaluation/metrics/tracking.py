"""Scores tracks against clips with exact ground truth.

A point hits an object when it lies on a visible pixel of it. Things that are hardly to be seen are neither
wanted nor wrong. HOTA is that of TrackEval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from model.data.clips.generate import HIDDEN_SHARE, WANTED_SHARE
from model.evaluation.metrics.hota import MIDDLE, TrackedFrame, combine, hota

SHORTEST_HIDING = 0.2  # seconds; shorter ones are no occlusion to come back from
IN_TIME = 1.0  # seconds within which an object should be back


@dataclass(frozen=True, eq=False)
class Scored:
    """One frame of one query, compared with the truth.

    Attributes:
        timestamp: Seconds.
        wanted: Numbers of the objects that should have been pointed at.
        hidden: Numbers of the objects asked for that are hidden.
        ids: Ids of the points that count: those on objects hardly to be seen are left out.
        on: For each of these, the wanted object it lies on; 0 for none.
    """

    timestamp: float
    wanted: tuple[int, ...]
    hidden: tuple[int, ...]
    ids: tuple[int, ...]
    on: tuple[int, ...]

    @property
    def hits(self) -> int:
        """Visible targets with a point on them, each counted once."""
        return len(set(self.on) - {0})

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where no target is visible and no point was given."""
        total = len(self.ids) + len(self.wanted)
        return 2 * self.hits / total if total else 1.0


def score_frame(
    timestamp: float,
    owner: np.ndarray,
    share: np.ndarray,
    asked: Sequence[int],
    xy: np.ndarray,
    ids: Sequence[int],
) -> Scored:
    """Compares points with what is visible.

    Args:
        timestamp: Seconds.
        owner: uint8 (H, W), number of the object that is visible at each pixel, 0 for none.
        share: float (objects,), how much of object number n is visible, at n - 1.
        asked: Numbers of the objects that were asked for.
        xy: (N, 2), points that are said to be visible, in pixels.
        ids: N ids of their tracks.
    """
    height, width = owner.shape
    wanted = tuple(number for number in asked if share[number - 1] >= WANTED_SHARE)
    hardly = [number for number in asked if 0 < share[number - 1] < WANTED_SHARE]
    kept_ids, kept_on = [], []
    for (x, y), number in zip(np.asarray(xy, float).reshape(-1, 2), ids, strict=True):
        inside = 0 <= x < width and 0 <= y < height
        below = int(owner[int(y), int(x)]) if inside else 0
        if below not in hardly:
            kept_ids.append(int(number))
            kept_on.append(below if below in wanted else 0)
    hidden = tuple(number for number in asked if share[number - 1] < HIDDEN_SHARE)
    return Scored(timestamp, wanted, hidden, tuple(kept_ids), tuple(kept_on))


def identity_switches(frames: Sequence[Scored]) -> int:
    """Counts how often an object gets another id than the last time it was hit, as in CLEAR MOT."""
    last: dict[int, int] = {}
    switches = 0
    for frame in frames:
        now = {number: _id_on(frame, number, last.get(number)) for number in set(frame.on) - {0}}
        switches += sum(number in last and last[number] != of for number, of in now.items())
        last |= now
    return switches


def _id_on(frame: Scored, number: int, known: int | None) -> int:
    """Returns the id on an object that is hit; of several the known one, or else the lowest."""
    ids = [of for of, on in zip(frame.ids, frame.on, strict=True) if on == number]
    return known if known is not None and known in ids else min(ids)


@dataclass(frozen=True)
class Returns:
    """How objects came back after an occlusion.

    Attributes:
        times: Seconds from being visible again until the object was pointed at under its id; infinity for
            those that were not while they were visible.
    """

    times: tuple[float, ...] = ()

    @property
    def in_time(self) -> float:
        """Share of objects that were tracked again within `IN_TIME`; NaN without any."""
        return float(np.mean(np.array(self.times) <= IN_TIME)) if self.times else float("nan")

    @property
    def median(self) -> float:
        """Median seconds; NaN without any."""
        return float(np.median(self.times)) if self.times else float("nan")


def returns(frames: Sequence[Scored]) -> Returns:
    """Measures when objects that were tracked and then hidden are tracked again under the same id.

    One that hides again in less than `IN_TIME`, before it was found, had no chance and is left out.
    """
    times: list[float] = []
    for number in sorted({number for frame in frames for number in frame.wanted}):
        times += _returns_of(frames, number)
    return Returns(tuple(times))


def _returns_of(frames: Sequence[Scored], number: int) -> list[float]:
    times: list[float] = []
    known: int | None = None  # the id under which it was followed last
    hidden_since: float | None = None
    back_since: float | None = None
    end = frames[-1].timestamp
    for frame in frames:
        if number in frame.hidden:
            if back_since is not None and frame.timestamp - back_since >= IN_TIME:
                times.append(float("inf"))
            back_since = None
            hidden_since = frame.timestamp if hidden_since is None else hidden_since
        elif number in frame.wanted:
            if hidden_since is not None and known is not None:
                long = frame.timestamp - hidden_since >= SHORTEST_HIDING
                back_since = frame.timestamp if long else None
            hidden_since = None
            found = _id_on(frame, number, known) if number in frame.on else None
            if back_since is not None and found == known:
                times.append(frame.timestamp - back_since)
                back_since = None
            if found is not None and back_since is None:
                known = found
    if back_since is not None and end - back_since >= IN_TIME:
        times.append(float("inf"))
    return times


@dataclass(eq=False)
class Sequences:
    """Collects the frames of many queries; each is a sequence of its own.

    Attributes:
        all: The sequences.
    """

    all: list[list[Scored]] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        """Returns mean F1 over frames, HOTA both ways, id switches per ten object-minutes, and returns."""
        frames = [frame for sequence in self.all for frame in sequence]
        spans = [_object_seconds(sequence) for sequence in self.all]
        back = Returns(tuple(time for sequence in self.all for time in returns(sequence).times))
        minutes = sum(spans) / 60
        switches = sum(identity_switches(sequence) for sequence in self.all)
        return {
            "sequences": len(self.all),
            "object_minutes": round(minutes, 2),
            "f1": round(float(np.mean([frame.f1 for frame in frames])), 4),
            "precision": _ratio(sum(f.hits for f in frames), sum(len(f.ids) for f in frames)),
            "recall": _ratio(sum(f.hits for f in frames), sum(len(f.wanted) for f in frames)),
            **hota_rates(self.all),
            "switches": switches,
            "switches_per_10_object_minutes": round(10 * switches / minutes, 3) if minutes else float("nan"),
            "returns": len(back.times),
            "back_in_1_s": round(back.in_time, 4),
            "median_return_s": round(back.median, 3),
        }


def _ratio(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else float("nan")


def _object_seconds(frames: Sequence[Scored]) -> float:
    """Returns the seconds for which targets were visible, summed over targets."""
    if len(frames) < 2:
        return 0.0
    step = (frames[-1].timestamp - frames[0].timestamp) / (len(frames) - 1)
    return step * sum(len(frame.wanted) for frame in frames)


def hota_rates(sequences: Sequence[Sequence[Scored]]) -> dict[str, float]:
    """Computes HOTA with "the point lies on the object" as similarity, so that all thresholds agree.

    Returns:
        ``hota``: of all sequences combined, as TrackEval does; ``hota_per_video``: at threshold 0.5, averaged
        over sequences, as Molmo2 reports it. They are not comparable.
    """
    found = [hota([_tracked(frame) for frame in frames]) for frames in sequences]
    per_video = float(np.mean([one.hota[MIDDLE] for one in found])) if found else float("nan")
    return {
        "hota": round(float(combine(found).hota.mean()), 4),
        "hota_per_video": round(per_video, 4),
    }


def _tracked(frame: Scored) -> TrackedFrame:
    similarity = np.array([[float(on == number) for on in frame.on] for number in frame.wanted])
    return TrackedFrame(frame.wanted, frame.ids, similarity.reshape(len(frame.wanted), len(frame.ids)))
