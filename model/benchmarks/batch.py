"""Pictures a second against the number of pictures that are asked about at once, with nano on this machine.

`python -m model.benchmarks.batch --threads 2` alternates the sizes; every size answers the same pictures, and
its answers are compared with those of one at a time before anything is timed. One JSON line comes last.
"""

from __future__ import annotations

import argparse
import json
from functools import partial

import numpy as np
import torch

import molmo_act
from model.benchmarks.machine import about
from model.benchmarks.timing import alternate
from model.data.scenes import draw_scene

SIZES = (1, 2, 4, 8)
PICTURES = 8
SIDES = ((320, 240), (240, 320), (448, 320), (200, 200))
QUERY = "shapes"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", help="checkpoint folder or name; nano by default")
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = molmo_act.load(args.model, device=args.device)
    rng = np.random.default_rng(0)
    images = [draw_scene(rng, *SIDES[i % len(SIDES)], None).image for i in range(PICTURES)]

    def in_batches(size: int) -> list[molmo_act.Points]:
        batches = (images[start : start + size] for start in range(0, PICTURES, size))
        return [points for batch in batches for points in model.point(batch, QUERY)]

    alone = [points.text for points in in_batches(1)]
    for size in SIZES:
        if [points.text for points in in_batches(size)] != alone:
            raise RuntimeError(f"Batches of {size} answer differently; there is nothing to compare.")
    ways = {str(size): partial(in_batches, size) for size in SIZES}
    taken = alternate(ways, args.rounds, "batches")
    one = taken["1"]["median"]
    print(
        "| pictures at once | ms a picture | pictures a second | times faster than one |\n|---|---|---|---|"
    )
    for name, found in taken.items():
        each = found["median"] / PICTURES
        print(f"| {name} | {each:.1f} | {1000 / each:.1f} | {one / found['median']:.2f} |")
    print(json.dumps({**about(args.device), "model": model.name, "ms_for_all": taken}))


if __name__ == "__main__":
    main()
