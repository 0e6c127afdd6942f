"""Measures peak memory of loading, prefill and decoding, and what `generation.memory` predicts for prefill.

`python -m model.benchmarks.memory` runs the mid-size model of random weights, in full precision and with its
language blocks in fewer bits, each case in a process of its own; one JSON line comes last. On a GPU:
`--device cuda --dtype bfloat16 --model MolmoPoint-8B --quantizations none int8 nf4`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

import molmo_act
from model._cli import make_parser
from model._machine import machine_info, peak_mb, reset_peak, used_mb
from model.benchmarks._random_checkpoints import (
    NAMES,
    add_precision,
    checkpoint,
    load_model,
    quantization_of,
)
from model.benchmarks._random_models import prompt
from molmo_act.generation.engine import Engine
from molmo_act.generation.limits import GenerationLimits
from molmo_act.generation.memory import MEGABYTE
from molmo_act.generation.prefill import prefill_prefix
from molmo_act.generation.prompt_size import PromptSize, prefill_bytes

MAX_CROPS = (8, 24, 48, 64)
IMAGE_SIZE = (3840, 2160)
DECODED = 24  # ids


def one_case(
    folder: Path | None, quantization: str | None, dtype: torch.dtype, max_crops: int, device: torch.device
) -> dict[str, Any]:
    """Measures one case in this process."""
    reset_peak(device)
    model = load_model(folder, device, dtype, quantization)
    loading = peak_mb(device)
    return measure_loaded(model, max_crops) | {"loading_peak_mb": round(loading, 1)}


def measure_loaded(model: molmo_act.PointingModel, max_crops: int) -> dict[str, Any]:
    """Peaks of reading one image in at most so many crops, and of a short answer.

    Those of parts are above what was in use before; "peak_mb" is all of it, with the weights.
    """
    device, weights = model.runtime.device, sum(model.precision.megabytes.values())
    image = np.random.default_rng(0).integers(0, 256, (*IMAGE_SIZE[::-1], 3), dtype=np.uint8)
    inputs = prompt(model.processor, image, "it", max_crops=max_crops, device=device)
    inputs = {key: value.to(device) for key, value in inputs.items()}
    before = used_mb(device)
    reset_peak(device)
    prefix = prefill_prefix(model.model, inputs)
    whole = peak_mb(device)
    reading, before = whole - before, used_mb(device)
    reset_peak(device)
    question = inputs["input_ids"][0, prefix.length :].tolist()
    engine = Engine(model.model, model.runtime.grammar)
    engine.generate_with_prefix(prefix, [question], ["it"], limits=GenerationLimits(DECODED))
    size = PromptSize.of(inputs)
    expected = prefill_bytes(model.model.config, size, model.model.dtype.itemsize) / MEGABYTE
    return {
        "crops": int(size.crops),
        "tokens": int(size.tokens),
        "weights_mb": round(weights, 1),
        "reading_mb": round(reading, 1),
        "expected_reading_mb": round(expected, 1),
        "decoding_mb": round(peak_mb(device) - before, 1),
        "peak_mb": round(max(whole, peak_mb(device)), 1),
    }


def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    add_precision(parser, "int8-dynamic")
    parser.add_argument("--model", default=NAMES[0], choices=NAMES, metavar="NAME")
    parser.add_argument("--max-crops", nargs="+", type=int, default=MAX_CROPS, metavar="N")
    parser.add_argument(
        "--case", nargs=3, metavar=("FOLDER", "QUANTIZATION", "MAX_CROPS"), help="one case only"
    )
    args = parser.parse_args()
    dtype = getattr(torch, args.dtype)
    if args.case:
        folder, quantization, max_crops = args.case
        wanted = quantization_of(quantization)
        print(json.dumps(one_case(Path(folder), wanted, dtype, int(max_crops), args.device)))
        return
    results = []
    with checkpoint(args.model, dtype) as folder:
        for quantization in args.quantizations:
            for max_crops in tqdm(args.max_crops, desc=quantization):
                words = ["--device", str(args.device), "--dtype", args.dtype]
                case = ["--case", str(folder or molmo_act.pointing.load.NANO), quantization, str(max_crops)]
                command = [sys.executable, "-m", "model.benchmarks.memory", *words, *case]
                out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
                results.append({"quantization": quantization, **json.loads(out.splitlines()[-1])})
    print("| " + " | ".join(key.replace("_", " ").replace(" mb", ", MB") for key in results[0]) + " |")
    print("|---" * len(results[0]) + "|")
    for found in results:
        print("| " + " | ".join(map(str, found.values())) + " |")
    print(
        json.dumps({**machine_info(args.device), "model": args.model, "dtype": args.dtype, "cases": results})
    )


if __name__ == "__main__":
    main()
