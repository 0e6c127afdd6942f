"""Peak memory of loading, reading pictures and decoding, beside what `molmo_act.memory` expects of reading.

`python -m model.benchmarks.memory` runs the mid-size model of random weights, in full precision and with its
language blocks in fewer bits, each case in a process of its own; one JSON line comes last. On a GPU:
`--device cuda --dtype bfloat16 --model MolmoPoint-8B --quantizations none int8 nf4`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

import molmo_act
from model.benchmarks.machine import about, forget_peak, peak_mb, used_mb
from model.benchmarks.random_checkpoints import NAMES, checkpoint, grammar_of
from model.benchmarks.random_models import prompt
from molmo_act.decoding.prefill import read_prefix
from molmo_act.engine import Engine, Limits
from molmo_act.memory import MEGABYTE, PromptSize, prefill_bytes

MAX_CROPS = (8, 24, 48, 64)
PICTURE = (3840, 2160)
DECODED = 24  # ids


def one_case(
    folder: Path | None, quantization: str | None, dtype: torch.dtype, max_crops: int, device: torch.device
) -> dict[str, Any]:
    """Measures one case in this process."""
    forget_peak(device)
    model = molmo_act.load(folder, device=device, dtype=dtype, quantization=quantization)
    loading, weights = peak_mb(device), sum(model.precision.megabytes.values())
    image = np.random.default_rng(0).integers(0, 256, (*PICTURE[::-1], 3), dtype=np.uint8)
    inputs = prompt(model.processor, image, "it", max_crops=max_crops, device=device)
    inputs = {key: value.to(device) for key, value in inputs.items()}
    before = used_mb(device)
    forget_peak(device)
    prefix = read_prefix(model.model, inputs)
    reading, before = peak_mb(device) - before, used_mb(device)
    forget_peak(device)
    question = inputs["input_ids"][0, prefix.length :].tolist()
    engine = Engine(model.model, grammar_of(model))
    engine.answer_behind(prefix, [question], ["it"], limits=Limits(DECODED))
    size = PromptSize.of(inputs)
    expected = prefill_bytes(model.model.config, size, model.model.dtype.itemsize) / MEGABYTE
    return {
        "crops": int(size.crops),
        "tokens": int(size.tokens),
        "weights_mb": round(weights, 1),
        "loading_peak_mb": round(loading, 1),
        "reading_mb": round(reading, 1),
        "expected_reading_mb": round(expected, 1),
        "decoding_mb": round(peak_mb(device) - before, 1),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--model", default=NAMES[0], choices=NAMES, metavar="NAME")
    parser.add_argument("--quantizations", nargs="+", default=["none", "int8-dynamic"], metavar="Q")
    parser.add_argument("--max-crops", nargs="+", type=int, default=MAX_CROPS, metavar="N")
    parser.add_argument(
        "--case", nargs=3, metavar=("FOLDER", "QUANTIZATION", "MAX_CROPS"), help="one case only"
    )
    args = parser.parse_args()
    dtype = getattr(torch, args.dtype)
    if args.case:
        folder, quantization, max_crops = args.case
        wanted = None if quantization == "none" else quantization
        print(json.dumps(one_case(Path(folder), wanted, dtype, int(max_crops), args.device)))
        return
    results = []
    with checkpoint(args.model, dtype) as folder:
        for quantization in args.quantizations:
            for max_crops in tqdm(args.max_crops, desc=quantization):
                words = ["--device", str(args.device), "--dtype", args.dtype]
                case = ["--case", str(folder or molmo_act.api.NANO), quantization, str(max_crops)]
                command = [sys.executable, "-m", "model.benchmarks.memory", *words, *case]
                out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
                results.append({"quantization": quantization, **json.loads(out.splitlines()[-1])})
    print("| " + " | ".join(key.replace("_", " ").replace(" mb", ", MB") for key in results[0]) + " |")
    print("|---" * len(results[0]) + "|")
    for found in results:
        print("| " + " | ".join(map(str, found.values())) + " |")
    print(json.dumps({**about(args.device), "model": args.model, "dtype": args.dtype, "cases": results}))


if __name__ == "__main__":
    main()
