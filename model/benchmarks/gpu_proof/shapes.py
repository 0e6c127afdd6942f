"""One released shape in one precision: memory, decoding, prefill and batches, each beside its floor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import molmo_act
from model._machine import peak_mb, reset_peak
from model.benchmarks import batch, decode, memory, prefill
from model.benchmarks._random_checkpoints import load_model, quantization_of
from model.benchmarks.gpu_proof.rows import Row, dtype_of, part_parser, roofline

CROPS, SMALL_CROPS = (8, 48), (1, 3)
BATCHES, SMALL_BATCHES = (1, 8), (1, 2)
SIZE, SMALL_SIZE = (1920, 1080), (480, 360)  # of the images of a batch: enough pixels for 48 crops
REPORTED_GIB = {("MolmoPoint-8B", "nf4"): 8.69, ("MolmoPoint-8B", "int8"): 11.66}
"""Peaks that a user reported; of which image is not known."""


def gib(megabytes: float) -> str:
    """Megabytes as text in GiB."""
    return f"{megabytes * 1e6 / 2**30:.2f} GiB"


def decode_rows(model: molmo_act.PointingModel, rounds: int) -> Iterator[Row]:
    """One short answer by the engine and by `generate`."""
    found = decode.measure_loaded(model, rounds, exact=False)
    plain, ours = (found["ms"][key]["median"] / found["points"] for key in ("plain_decode", "decode"))
    floor = found["floor_ms_of_a_pass"] * found["forward_passes"] / found["points"]
    share = f"{floor:.2f} ms: reading the weights; share {found['share_of_bandwidth_floor']}"
    yield Row("decoding, ms per point", f"{ours:.2f}", share)
    same = f"{found['times_faster_decode']} times; {100 * found['equal_ids']:.0f} % of ids equal"
    yield Row("faster than generate", same, f"{plain:.2f} ms per point: generate of transformers")


def prefill_row(model: molmo_act.PointingModel, max_crops: int, rounds: int, flops: float) -> Row:
    """Reading one image."""
    found = prefill.measure_loaded(model, max_crops, rounds, flops)
    floor = f"{found['floor ms']} ms: its products; share {found['share of the floor']}"
    return Row(f"prefill, {found['crops']} crops, {found['tokens']} tokens", f"{found['ms']} ms", floor)


def memory_row(model: molmo_act.PointingModel, max_crops: int, reported_gib: float | None) -> Row:
    """The peak of reading one image and answering."""
    found = memory.measure_loaded(model, max_crops)
    expected = f"{gib(found['weights_mb'] + found['expected_reading_mb'])} expected by the library"
    if reported_gib is not None:
        expected += f"; {reported_gib} GiB reported by a user, image unknown"
    return Row(f"peak memory, {found['crops']} crops", gib(found["peak_mb"]), expected)


def batch_rows(model: molmo_act.PointingModel, max_crops: int, *, small: bool) -> Iterator[Row]:
    """The same images one at a time and all at once, with preprocessing."""
    rng, batches = np.random.default_rng(0), SMALL_BATCHES if small else BATCHES
    width, height = SMALL_SIZE if small else SIZE
    images = [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(batches[-1])]
    for count in batches:
        some = images[: max(count, 2)]  # one by one, two are enough
        found = batch.measure_loaded(model, [count], 1, images=some, max_crops=max_crops)[str(count)]
        ms, peak = found["ms"]["median"] / len(some), gib(found["peak_mb"])
        yield Row(f"images at once: {count}, {max_crops} crops each", f"{ms:.1f} ms an image", f"peak {peak}")


def measure(args: Any) -> Iterator[Row]:
    """All rows of a shape in a precision, quick ones first."""
    rounds = 1 if args.small else 3
    reset_peak(args.device)
    began = time.perf_counter()
    model = load_model(args.checkpoint, args.device, dtype_of(args), quantization_of(args.quantization))
    taken, weights = time.perf_counter() - began, sum(model.precision.megabytes.values())
    loading = f"peak of loading {gib(peak_mb(args.device))}, {taken:.1f} s"
    yield Row("weights in memory", gib(weights), loading)
    crops = SMALL_CROPS if args.small else CROPS
    for most in crops:
        reported = REPORTED_GIB.get((args.shape, args.quantization)) if most == CROPS[0] else None
        yield memory_row(model, most, reported)
    yield from decode_rows(model, rounds)
    flops = roofline(args)
    for most in crops:
        yield prefill_row(model, most, rounds, flops)
    for most in crops[-1:] if args.small else crops:
        yield from batch_rows(model, most, small=args.small)


def main() -> None:
    """Command line."""
    parser = part_parser(__doc__)
    parser.add_argument("--shape", required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--quantization", required=True)
    for row in measure(parser.parse_args()):
        row.print()


if __name__ == "__main__":
    main()
