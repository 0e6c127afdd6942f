"""Measures which features re-identify an object across frames: `python -m model.evaluation.reidentification`.

Takes clips with look-alikes and forms pairs of points that answer the same query on different frames: both on
one object, on two objects that both match, or one of them a false positive. For each similarity it reports
the area under the ROC curve: the probability that a pair on one object is more similar than another pair.
Prints a table, then one JSON object.
"""

from __future__ import annotations

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
from model._cli import add_model, command, make_parser
from model._machine import machine_info
from model.data.clips.generate import Clip
from model.evaluation.tracking import KINDS
from molmo_act.errors import InputError
from molmo_act.tracking.appearance import similarity
from molmo_act.tracking.association import cosine_similarity
from molmo_act.tracking.frame_buffer import FlowFrame
from molmo_act.tracking.optical_flow import init_point

SEED = 9_100_001
FPS = 3.0
MAX_SECONDS = 2.0  # seconds between the frames of a pair


@dataclass(frozen=True, eq=False)
class PointObservation:
    """A point of the model.

    Attributes:
        timestamp: Seconds of its frame.
        query: The words that it answers.
        owner: Number of the object it lies on, where the query asks for it; 0 for anything else.
        descriptor: See `molmo_act.tracking.appearance.appearance_descriptor`.
        features: See `molmo_act.Points.features`.
    """

    timestamp: float
    query: str
    owner: int
    descriptor: np.ndarray
    features: np.ndarray


SIMILARITIES: dict[str, Callable[[PointObservation, PointObservation], float]] = {
    "colours": lambda one, other: similarity(one.descriptor, other.descriptor),
    "features": lambda one, other: cosine_similarity(one.features, other.features),
    "both": lambda one, other: (
        similarity(one.descriptor, other.descriptor) + cosine_similarity(one.features, other.features)
    ),
}


def point_all(model: molmo_act.PointingModel, clip: Clip) -> list[PointObservation]:
    """Returns the model's points on every frame of a clip."""
    found = []
    for index, frame in enumerate(clip):
        seen = FlowFrame.from_image(index, frame.timestamp, frame.image)
        rows, columns = frame.owner.shape
        for points in model.point(frame.image, list(clip.queries)):
            assert points.features is not None  # those of models with grounding tokens
            for number, (x, y) in enumerate(points.xy):
                below = int(frame.owner[min(int(y), rows - 1), min(int(x), columns - 1)])
                owner = below if below in clip.queries[points.query] else 0
                descriptor = init_point(seen, np.array([x, y]) * seen.scale).descriptor
                features = features_of(points)[number]
                found.append(PointObservation(frame.timestamp, points.query, owner, descriptor, features))
    return found


def features_of(points: molmo_act.Points) -> np.ndarray:
    """Returns what the model saw at each point, float (N, E).

    Raises:
        InputError: The checkpoint gives no features.
    """
    if points.features is None:
        raise InputError("The checkpoint gives points without features; expected one of MolmoPoint.")
    return points.features


def pairs_by_kind(
    points: list[PointObservation],
) -> dict[str, list[tuple[PointObservation, PointObservation]]]:
    """Returns pairs of points of one query on different frames, by what they lie on."""
    found: dict[str, list[tuple[PointObservation, PointObservation]]] = {
        "same object": [],
        "two objects": [],
        "false positive": [],
    }
    for one, other in itertools.combinations(points, 2):
        apart = other.timestamp - one.timestamp
        if one.query != other.query or not 0 < apart <= MAX_SECONDS or not (one.owner or other.owner):
            continue
        kind = "same object" if one.owner == other.owner else "two objects"
        found[kind if one.owner and other.owner else "false positive"].append((one, other))
    return found


def roc_auc(higher: list[float], lower: list[float]) -> float:
    """Returns the area under the ROC curve: how likely a value of the first is above one of the second.

    Ties count half. NaN where either is empty.
    """
    if not higher or not lower:
        return float("nan")
    one, other = np.array(higher)[:, None], np.array(lower)
    return float((one > other).mean() + 0.5 * (one == other).mean())


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    add_model(parser)
    parser.add_argument("--clips", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    args = parser.parse_args()
    model = molmo_act.load(args.model, device="cpu")
    settings = replace(KINDS["with twins"], fps=FPS, seconds=args.seconds)
    pairs: dict[str, list[tuple[PointObservation, PointObservation]]] = {}
    for number in tqdm(range(args.clips), "clips", unit="clip"):
        for kind, found in pairs_by_kind(point_all(model, Clip(SEED + number, settings))).items():
            pairs.setdefault(kind, []).extend(found)
    results: dict[str, Any] = {"pairs": {kind: len(found) for kind, found in pairs.items()}}
    print("| compared by | two objects | false positive |\n|---|---|---|")
    for way, alike in SIMILARITIES.items():
        values = {kind: [alike(*pair) for pair in found] for kind, found in pairs.items()}
        against = {
            k: round(roc_auc(values["same object"], values[k]), 4) for k in ("two objects", "false positive")
        }
        print(f"| {way} | {against['two objects']} | {against['false positive']} |")
        results[way] = against
    print(json.dumps({**machine_info(torch.device("cpu")), "model": model.name, **results}))


if __name__ == "__main__":
    sys.exit(main())
