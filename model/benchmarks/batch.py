"""Measures images a second by batch size.

`python -m model.benchmarks.batch --threads 2` alternates the sizes with nano; every size answers the same
images, and its answers are compared with those of one at a time before anything is timed. One JSON line comes
last. On a GPU: `--device cuda --dtype bfloat16 --models MolmoPoint-8B --quantizations none int8 nf4`; in
bfloat16 the share of equal answers is reported, since a batch rounds its sums in another order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

import molmo_act
from model._cli import make_parser
from model._machine import machine_info, peak_mb, reset_peak
from model.benchmarks._random_checkpoints import (
    NAMES,
    NANO,
    add_precision,
    checkpoint,
    load_model,
    quantization_of,
)
from model.benchmarks._timing import alternate
from model.data.scenes.generate import draw_scene

SIZES = (1, 2, 4, 8)
IMAGES = 8
SIDES = ((320, 240), (240, 320), (448, 320), (200, 200))
QUERY = "shapes"
POINTS = 12  # of an answer at most: random models point without end


def measure_loaded(
    model: molmo_act.PointingModel,
    sizes: Sequence[int],
    rounds: int,
    *,
    images: Sequence[np.ndarray],
    max_crops: int | None = None,
) -> dict[str, Any]:
    """Times the same images in batches of several sizes.

    Args:
        model: The model.
        sizes: Images at once; the first is what the others are compared with.
        rounds: How often each size takes its turn.
        images: What all of them answer about, uint8 RGB.
        max_crops: See `PointingModel.point`.

    Returns:
        By size: "ms" for all images (median, least, most), "peak_mb", and the share of answers that are equal
        to those of the first size.
    """
    device = model.runtime.device

    def in_batches(size: int) -> list[molmo_act.Points]:
        batches = (images[start : start + size] for start in range(0, len(images), size))
        return [
            points
            for batch in batches
            for points in model.point(list(batch), QUERY, max_points=POINTS, max_crops=max_crops)
        ]

    found: dict[str, Any] = {}
    alone: list[str] = []
    for size in sizes:
        reset_peak(device)
        texts = [points.text for points in in_batches(size)]
        alone = alone or texts
        equal = float(np.mean([one == other for one, other in zip(texts, alone, strict=True)]))
        found[str(size)] = {"equal_answers": equal, "peak_mb": round(peak_mb(device), 1)}
    taken = alternate(
        {str(size): partial(in_batches, size) for size in sizes}, rounds, "batches", warm_up=False
    )
    return {name: {**found[name], "ms": ms} for name, ms in taken.items()}


def drawn_images(count: int) -> list[np.ndarray]:
    """Composed images of several sizes, the same ones each time."""
    rng = np.random.default_rng(0)
    return [draw_scene(rng, *SIDES[i % len(SIDES)], None).image for i in range(count)]


def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", nargs="+", default=[NANO], choices=NAMES, metavar="NAME")
    parser.add_argument("--max-crops", type=int, metavar="N")
    add_precision(parser)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    dtype = getattr(torch, args.dtype)
    images, results = drawn_images(IMAGES), {}
    for name in args.models:
        with checkpoint(name, dtype) as folder:
            for quantization in args.quantizations:
                model = load_model(folder, args.device, dtype, quantization_of(quantization))
                found = measure_loaded(model, SIZES, args.rounds, images=images, max_crops=args.max_crops)
                exact = dtype == torch.float32 and quantization == "none"
                if exact and any(one["equal_answers"] < 1 for one in found.values()):
                    raise RuntimeError(f"Batches of {name} answer differently; there is nothing to compare.")
                results[f"{name}, {quantization}"] = found
    print(
        "| model, quantization | images at once | ms an image | images a second | times faster than one |\n"
        "|---|---|---|---|---|"
    )
    for name, found in results.items():
        one = found["1"]["ms"]["median"]
        for size, each in found.items():
            ms = each["ms"]["median"] / IMAGES
            faster = one / each["ms"]["median"]
            print(f"| {name} | {size} | {ms:.1f} | {1000 / ms:.1f} | {faster:.2f} |")
    print(json.dumps({**machine_info(args.device), "dtype": args.dtype, **results}))


if __name__ == "__main__":
    main()
