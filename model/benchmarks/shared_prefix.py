"""Times many queries about one image: the image read once and shared, against read once per query.

`python -m model.benchmarks.shared_prefix --threads 2` alternates the two with nano. Answers are compared
before anything is timed; the last line is JSON.
"""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import torch

import molmo_act
from model._cli import make_parser
from model._machine import machine_info
from model.benchmarks._timing import alternate
from model.data.scenes.generate import draw_scene

COLOURS = ("red", "blue", "green", "yellow", "purple", "orange", "pink", "brown")
COUNTS = (1, 2, 4, 8)


def point_apart(
    model: molmo_act.PointingModel, image: np.ndarray, queries: list[str]
) -> list[molmo_act.Points]:
    """Answers each query with an image read for it; a list of images is never shared."""
    return model.point([image] * len(queries), queries)


def point_together(
    model: molmo_act.PointingModel, image: np.ndarray, queries: list[str]
) -> list[molmo_act.Points]:
    """Answers all queries with one image, read once."""
    return model.point(model.encode(image), queries)


def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = molmo_act.load(device="cpu")
    image = draw_scene(np.random.default_rng(0), 640, 480, None).image
    results = {}
    for count in COUNTS:
        queries = [f"the {colour} thing" for colour in COLOURS[:count]]
        ways = {
            "an image for each": partial(point_apart, model, image, queries),
            "one image": partial(point_together, model, image, queries),
        }
        apart, together = (call() for call in ways.values())
        if [points.text for points in apart] != [points.text for points in together]:
            raise RuntimeError("The two ways answer differently; there is nothing to compare.")
        results[count] = alternate(ways, args.rounds, f"{count} queries")
    print("| queries | an image for each, ms | one image, ms | times faster |\n|---|---|---|---|")
    for count, found in results.items():
        apart_ms, together_ms = (found[way]["median"] for way in ("an image for each", "one image"))
        print(f"| {count} | {apart_ms} | {together_ms} | {apart_ms / together_ms:.2f} |")
    print(json.dumps({**machine_info(model.model.device), "queries": results}))


if __name__ == "__main__":
    main()
