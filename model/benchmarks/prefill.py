"""Measures prefill by number of crops: milliseconds, share of the arithmetic floor, peak memory.

`python -m model.benchmarks.prefill --threads 2` runs the mid-size model of random weights on an image cut
into more and more crops, with a few crops at a time as the library does and with all at once, each case in a
process of its own; one JSON line comes last. On a GPU: `--device cuda --dtype bfloat16 --model MolmoPoint-8B
--quantizations none int8 nf4`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

import molmo_act
from model._cli import make_parser
from model._machine import machine_info, peak_mb
from model.benchmarks._random_checkpoints import (
    NAMES,
    add_precision,
    checkpoint,
    load_model,
    quantization_of,
)
from model.benchmarks._random_models import prompt
from molmo_act.doctor.machine import flops_per_second, synchronize
from molmo_act.generation.prefill import new_cache, prefill
from molmo_act.models import image_windows
from molmo_act.models.molmo_point import MolmoPointConfig

MAX_CROPS = (1, 8, 24, 48)
IMAGE_SIZE = (3840, 2160)
ROUNDS = 3


def floor_ms(config: MolmoPointConfig, crops: int, tokens: int, flops: float) -> float:
    """Milliseconds that the matrix products alone would take at so many operations a second."""
    vision, text = config.vision_config, config.text_config
    patches = vision.num_position_embeddings
    per_patch = 4 * vision.hidden_size**2 + 2 * vision.hidden_size * vision.intermediate_size
    vision_flops = (
        2 * crops * patches * vision.num_hidden_layers * (per_patch + 2 * patches * vision.hidden_size)
    )
    heads = text.num_attention_heads + text.num_key_value_heads
    per_token = 2 * heads * text.head_dim * text.hidden_size + 3 * text.hidden_size * text.intermediate_size
    text_flops = (
        2
        * tokens
        * text.num_hidden_layers
        * (per_token + 2 * tokens * text.num_attention_heads * text.head_dim)
    )
    return 1000 * (vision_flops + text_flops) / flops


def one_case(
    folder: Path | None, quantization: str | None, dtype: torch.dtype, max_crops: int, device: torch.device
) -> dict[str, Any]:
    """Measures one case in this process."""
    model = load_model(folder, device, dtype, quantization)
    loaded = peak_mb(device)
    found = measure_loaded(model, max_crops, ROUNDS, flops_per_second(device, dtype))
    return found | {"loaded MB": round(loaded), "peak MB": round(peak_mb(device))}


@torch.inference_mode()
def measure_loaded(
    model: molmo_act.PointingModel, max_crops: int, rounds: int, flops: float
) -> dict[str, Any]:
    """Prefill of one image in at most so many crops: the median of a few, and its share of the floor.

    `flops` are the operations a second of a large matrix product on this machine.
    """
    device = model.runtime.device
    image = np.random.default_rng(0).integers(0, 256, (*IMAGE_SIZE[::-1], 3), dtype=np.uint8)
    inputs = prompt(model.processor, image, "it", max_crops=max_crops)
    inputs = {key: value.to(device) for key, value in inputs.items()}
    taken = []
    for _ in range(rounds):
        synchronize(device)
        began = time.perf_counter()
        prefill(model.model, inputs, (), new_cache(model.model, *inputs["input_ids"].shape))
        synchronize(device)
        taken.append(1000 * (time.perf_counter() - began))
    crops, tokens = len(inputs["pixel_values"]), inputs["input_ids"].shape[1]
    floor, ms = floor_ms(model.model.config, crops, tokens, flops), statistics.median(taken)
    return {
        "crops": crops,
        "tokens": tokens,
        "ms": round(ms, 1),
        "floor ms": round(floor, 2),
        "share of the floor": round(floor / ms, 2),
    }


def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    add_precision(parser)
    parser.add_argument("--model", default=NAMES[0], choices=NAMES, metavar="NAME")
    parser.add_argument("--max-crops", nargs="+", type=int, default=MAX_CROPS, metavar="N")
    parser.add_argument(
        "--case", nargs=4, metavar=("FOLDER", "QUANTIZATION", "MAX_CROPS", "AT_ONCE"), help="one case only"
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    dtype = getattr(torch, args.dtype)
    if args.case:
        folder, quantization, max_crops, at_once = args.case
        image_windows.CROPS_AT_ONCE = int(at_once)
        wanted = quantization_of(quantization)
        print(json.dumps(one_case(Path(folder), wanted, dtype, int(max_crops), args.device)))
        return
    results = []
    common = ["--threads", str(args.threads), "--device", str(args.device), "--dtype", args.dtype]
    ways = {"a few at a time": image_windows.CROPS_AT_ONCE, "all at once": 10**6}
    with checkpoint(args.model, dtype) as folder:
        place = str(folder or molmo_act.pointing.load.NANO)
        for quantization in args.quantizations:
            for max_crops in tqdm(args.max_crops, desc=quantization):
                for way, at_once in ways.items():
                    case = ["--case", place, quantization, str(max_crops), str(at_once)]
                    command = [sys.executable, "-m", "model.benchmarks.prefill", *common, *case]
                    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
                    found = json.loads(out.splitlines()[-1])
                    results.append({"quantization": quantization, "way": way, **found})
    print(
        "| quantization | crops | tokens | way | ms | share of the arithmetic floor | peak, MB |\n"
        "|---|---|---|---|---|---|---|"
    )
    for found in results:
        print(
            f"| {found['quantization']} | {found['crops']} | {found['tokens']} | {found['way']} "
            f"| {found['ms']} | {found['share of the floor']} | {found['peak MB']} |"
        )
    machine = machine_info(args.device)
    print(json.dumps({**machine, "model": args.model, "dtype": args.dtype, "cases": results}))


if __name__ == "__main__":
    main()
