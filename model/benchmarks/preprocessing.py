"""Times how an image is cut for a model, by NumPy as exported models do it and by torch, on one thread.

`python -m model.benchmarks.preprocessing` cuts an image of 1920 × 1080 pixels into 8 crops of 378 pixels and
the overview, as released models do, and for nano. Milliseconds are those of the processor, which a busy
machine changes little; one JSON line comes last.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from model._cli import command, make_parser

RELEASED, NANO = "378 pixels, 8 crops", "nano"
MEAN = STD = (0.5, 0.5, 0.5)


def processor_ms(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of the processor of each way, in turns."""
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for call in ways.values():
        call()
    for _ in range(rounds):
        for way, call in ways.items():
            began = time.process_time()
            call()
            taken[way].append(1000 * (time.process_time() - began))
    return {way: median(values) for way, values in taken.items()}


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"

    import torch

    from model._machine import machine_info
    from molmo_act.embedded.image_processing import cut_image, normalize
    from molmo_act.formats.crop_geometry import Geometry
    from molmo_act.models.molmo_point.image_processing_molmo_point import MolmoPointImageProcessor
    from molmo_act.pointing.load import NANO as FOLDER

    torch.set_num_threads(1)
    image = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    results = {}
    for name, processor in (
        (RELEASED, MolmoPointImageProcessor()),
        (NANO, MolmoPointImageProcessor.from_pretrained(FOLDER)),
    ):
        geometry: Geometry = processor.geometry

        def by_numpy(geometry: Geometry = geometry) -> object:
            return normalize(cut_image(image, geometry).patches, MEAN, STD)

        def by_torch(processor: MolmoPointImageProcessor = processor) -> object:
            return processor(image, return_tensors="pt")

        results[name] = processor_ms({"NumPy": by_numpy, "torch": by_torch}, args.rounds)
    print("| image of 1920 × 1080 pixels for | NumPy, ms | torch, ms |\n|---|---|---|")
    for name, found in results.items():
        print(f"| {name} | {found['NumPy']:.0f} | {found['torch']:.0f} |")
    print(json.dumps({**machine_info(torch.device("cpu")), **results}))


if __name__ == "__main__":
    sys.exit(main())
