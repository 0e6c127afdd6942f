"""Measures what thresholds on the score keep and drop: `python -m model.evaluation.score_thresholds`.

Compares right and wrong points of a checkpoint on generated windows and screens. The first table gives, for
each threshold, the share of right and of wrong points that reach it. The second gives the share of the points
beside the best of an answer that reach a share of its odds. `gui_agent` takes its thresholds from both.
"""

from __future__ import annotations

import json
import math
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

import molmo_act
from model._cli import add_model, command, make_parser
from model.data.schema import ImageSample
from model.evaluation.pointing import answered, sources
from molmo_act.calibration import log_odds

SOURCES = ("plain windows", "screens, small")
BOUNDS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
PER_IMAGE = 8


@dataclass(frozen=True, eq=False)
class ScoredPoints:
    """The points of many answers.

    Attributes:
        score: float (N,).
        share: float (N,), of the odds of the best point of the same answer.
        right: bool (N,), whether each lies on what was asked for.
        best: bool (N,), whether it is the best of its answer.
    """

    score: np.ndarray
    share: np.ndarray
    right: np.ndarray
    best: np.ndarray


def collect_points(
    model: molmo_act.PointingModel, samples: Iterable[ImageSample], queries: int, name: str
) -> ScoredPoints:
    """Collects the points of about `queries` answers."""
    rows = []
    for query, points in answered(model.point, samples, queries, PER_IMAGE, name):
        top = int(np.argmax(points.score)) if len(points) else 0
        for number, (point, score) in enumerate(zip(points, points.score.tolist(), strict=True)):
            hit = any(target.contains(point.x, point.y) for target in query.targets)
            ratio = math.exp(log_odds(score) - log_odds(float(points.score[top])))
            rows.append((score, ratio, hit, number == top))
    score, share, right, best = zip(*rows, strict=True) if rows else ((), (), (), ())
    return ScoredPoints(np.array(score), np.array(share), np.array(right, bool), np.array(best, bool))


def shares_above(values: np.ndarray, right: np.ndarray, bounds: Sequence[float]) -> dict[str, list[float]]:
    """Returns the shares of right and of wrong points that reach each threshold; empty without points."""
    return {
        kind: [round(float((values[which] >= bound).mean()), 3) for bound in bounds] if which.any() else []
        for kind, which in (("right", right), ("wrong", ~right))
    }


def print_shares(found: dict[str, tuple[np.ndarray, np.ndarray]], bounds: Sequence[float]) -> dict[str, dict]:
    """Prints a table of (values, right) by name and returns its numbers."""
    print("| images | points | " + " | ".join(f"≥ {bound}" for bound in bounds) + " |")
    print("|---" * (2 + len(bounds)) + "|")
    tables = {name: shares_above(*values, bounds) for name, values in found.items()}
    for name, kinds in tables.items():
        right = found[name][1]
        for kind, shares in kinds.items():
            count = int(right.sum() if kind == "right" else (~right).sum())
            print(f"| {name} | {count} {kind} | " + " | ".join(map(str, shares)) + " |")
    return tables


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    add_model(parser)
    parser.add_argument("--queries", type=int, default=400, help="queries of each source")
    args = parser.parse_args()
    model, streams = molmo_act.load(args.model), sources()
    seen = {name: collect_points(model, streams[name], args.queries, name) for name in SOURCES}
    bounds = print_shares({name: (each.score, each.right) for name, each in seen.items()}, BOUNDS)
    print("\nBeside the best of an answer, share of its odds:\n")
    beside = {name: (each.share[~each.best], each.right[~each.best]) for name, each in seen.items()}
    rivals = print_shares(beside, SHARES)
    about = {"model": model.name, "machine": platform.machine()}
    print(json.dumps({**about, "bounds": BOUNDS, **bounds, "shares": SHARES, "rivals": rivals}))


if __name__ == "__main__":
    sys.exit(main())
