"""One picture, many queries: read once and shared, against a picture for every query, on this machine's CPU.

`python -m model.benchmarks.queries --threads 2` alternates the two with nano, one JSON line comes last. The
answers are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import torch

import molmo_act
from model.benchmarks.machine import about
from model.benchmarks.timing import alternate
from model.data.scenes import draw_scene

COLOURS = ("red", "blue", "green", "yellow", "purple", "orange", "pink", "brown")
COUNTS = (1, 2, 4, 8)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = molmo_act.load(device="cpu")
    image = draw_scene(np.random.default_rng(0), 640, 480, None).image
    results = {}
    for count in COUNTS:
        queries = [f"the {colour} thing" for colour in COLOURS[:count]]
        # A list of pictures is never shared, so this reads as many of them as there are queries.
        ways = {
            "a picture for each": lambda queries=queries: model.point([image] * len(queries), queries),
            "one picture": lambda queries=queries: model.point(model.encode(image), queries),
        }
        apart, together = (call() for call in ways.values())
        if [points.text for points in apart] != [points.text for points in together]:
            raise RuntimeError("The two ways answer differently; there is nothing to compare.")
        results[count] = alternate(ways, args.rounds, f"{count} queries")
    print("| queries | a picture for each, ms | one picture, ms | times faster |\n|---|---|---|---|")
    for count, found in results.items():
        apart_ms, together_ms = (found[way]["median"] for way in ("a picture for each", "one picture"))
        print(f"| {count} | {apart_ms} | {together_ms} | {apart_ms / together_ms:.2f} |")
    print(json.dumps({**about(model.model.device), "queries": results}))


if __name__ == "__main__":
    main()
