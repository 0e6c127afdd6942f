"""What tells things apart from one look of the model to the next: `python -m model.evaluation.likeness`.

On clips with look-alikes, pairs of points of different frames that answer the same query, as only those can
be taken for one another: on one thing; on two that were both asked for; or one on such a thing and the other,
by mistake, on anything else. For each way of comparing two points the chance that a pair on one thing is
found more alike than another pair (area under the ROC curve). Prints a table, and one JSON object last.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

import molmo_act
from model.benchmarks.machine import about
from model.command import command
from model.data.clips import Clip
from model.evaluation.tracking import KINDS
from molmo_act.tracking.appearance import likeness
from molmo_act.tracking.association import cosine
from molmo_act.tracking.frames import FlowFrame
from molmo_act.tracking.propagation import take_up

SEED = 9_100_001
FPS = 3.0
LONGEST = 2.0  # seconds between the frames of a pair


@dataclass(frozen=True, eq=False)
class Pointed:
    """A point of the model.

    Attributes:
        timestamp: Seconds of its frame.
        query: What was asked.
        thing: Number of the thing it lies on, where that was asked for; 0 for anything else.
        look: See `molmo_act.tracking.appearance.look`.
        features: See `molmo_act.Points.features`.
    """

    timestamp: float
    query: str
    thing: int
    look: np.ndarray
    features: np.ndarray


WAYS: dict[str, Callable[[Pointed, Pointed], float]] = {
    "colours": lambda one, other: likeness(one.look, other.look),
    "features": lambda one, other: cosine(one.features, other.features),
    "both": lambda one, other: likeness(one.look, other.look) + cosine(one.features, other.features),
}


def point_all(model: molmo_act.PointingModel, clip: Clip) -> list[Pointed]:
    """The model's points on every frame of a clip."""
    found = []
    for index, frame in enumerate(clip):
        seen = FlowFrame.of(index, frame.timestamp, frame.image)
        rows, columns = frame.owner.shape
        for points in model.point(frame.image, list(clip.queries)):
            for number, (x, y) in enumerate(points.xy):
                below = int(frame.owner[min(int(y), rows - 1), min(int(x), columns - 1)])
                thing = below if below in clip.queries[points.query] else 0
                look = take_up(seen, np.array([x, y]) * seen.scale).look
                features = points.features[number]
                found.append(Pointed(frame.timestamp, points.query, thing, look, features))
    return found


def pairs_of(points: list[Pointed]) -> dict[str, list[tuple[Pointed, Pointed]]]:
    """Pairs of points of one query on different frames, by what they lie on."""
    found: dict[str, list[tuple[Pointed, Pointed]]] = {"one thing": [], "two things": [], "a mistake": []}
    for one, other in itertools.combinations(points, 2):
        apart = other.timestamp - one.timestamp
        if one.query != other.query or not 0 < apart <= LONGEST or not (one.thing or other.thing):
            continue
        kind = "one thing" if one.thing == other.thing else "two things"
        found[kind if one.thing and other.thing else "a mistake"].append((one, other))
    return found


def area(higher: list[float], lower: list[float]) -> float:
    """Chance that one of the first is above one of the second, ties counted half; NaN without any."""
    if not higher or not lower:
        return float("nan")
    one, other = np.array(higher)[:, None], np.array(lower)
    return float((one > other).mean() + 0.5 * (one == other).mean())


@command
def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None, help="folder or hub name; the bundled nano unless given")
    parser.add_argument("--clips", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    args = parser.parse_args()
    model = molmo_act.load(args.model, device="cpu")
    settings = replace(KINDS["with twins"], fps=FPS, seconds=args.seconds)
    pairs: dict[str, list[tuple[Pointed, Pointed]]] = {}
    for number in tqdm(range(args.clips), "likeness", unit="clip"):
        for kind, found in pairs_of(point_all(model, Clip(SEED + number, settings))).items():
            pairs.setdefault(kind, []).extend(found)
    results: dict[str, Any] = {"pairs": {kind: len(found) for kind, found in pairs.items()}}
    print("| compared by | two things | a mistake |\n|---|---|---|")
    for way, alike in WAYS.items():
        values = {kind: [alike(*pair) for pair in found] for kind, found in pairs.items()}
        against = {k: round(area(values["one thing"], values[k]), 4) for k in ("two things", "a mistake")}
        print(f"| {way} | {against['two things']} | {against['a mistake']} |")
        results[way] = against
    print(json.dumps({**about(torch.device("cpu")), "model": model.name, **results}))


if __name__ == "__main__":
    sys.exit(main())
