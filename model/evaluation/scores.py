"""What a bound on the score keeps and drops: `python -m model.evaluation.scores`.

Points of a checkpoint on generated windows and screens are told right from wrong; for each bound the table
says what share of either scores at least so much. `gui_agent` takes its bound from it.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterable

import numpy as np

import molmo_act
from model.data.sample import Picture
from model.evaluation.pointing import answered, sources

SOURCES = ("plain windows", "screens, small")
BOUNDS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
PER_PICTURE = 8


def scores_of(
    model: molmo_act.PointingModel, pictures: Iterable[Picture], queries: int, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Scores of right and of wrong points, of about `queries` queries."""
    right: list[float] = []
    wrong: list[float] = []
    for query, points in answered(model.point, pictures, queries, PER_PICTURE, name):
        for point in points:
            hit = any(target.contains(point.x, point.y) for target in query.targets)
            (right if hit else wrong).append(point.score)
    return np.array(right), np.array(wrong)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None, help="folder or hub name; the bundled nano unless given")
    parser.add_argument("--queries", type=int, default=400, help="queries of each source")
    args = parser.parse_args()
    model, streams = molmo_act.load(args.model), sources()
    results: dict[str, dict[str, list[float]]] = {}
    print("| pictures | points | " + " | ".join(f"≥ {bound}" for bound in BOUNDS) + " |")
    print("|---" * (2 + len(BOUNDS)) + "|")
    for name in SOURCES:
        found = dict(
            zip(("right", "wrong"), scores_of(model, streams[name], args.queries, name), strict=True)
        )
        results[name] = {
            kind: [round(float((values >= bound).mean()), 3) for bound in BOUNDS]
            for kind, values in found.items()
        }
        for kind, shares in results[name].items():
            print(f"| {name} | {len(found[kind])} {kind} | " + " | ".join(map(str, shares)) + " |")
    print(json.dumps({"model": model.name, "machine": platform.machine(), "bounds": BOUNDS, **results}))


if __name__ == "__main__":
    main()
