"""Reading a picture: milliseconds, share of what the arithmetic needs, and peak memory, by number of crops.

`python -m model.benchmarks.prefill --threads 2` runs the mid-size model of random weights on a picture cut
into more and more crops, with a few crops at a time as the library does and with all at once, each case in a
process of its own; one JSON line comes last.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from model.benchmarks.machine import about, flops_per_second, peak_mb
from model.benchmarks.random_models import make_grammar, make_model, make_processor, mid_size, prompt
from molmo_act.decoding.prefill import new_cache, prefill
from molmo_act.modeling import MolmoPointConfig, core

VOCABULARY = 32768
MAX_CROPS = (1, 8, 24, 48)
PICTURE = (3840, 2160)
CPU = torch.device("cpu")
ROUNDS = 3


def floor_ms(config: MolmoPointConfig, crops: int, tokens: int) -> float:
    """Milliseconds that the matrix products alone would take at the speed of a large one, measured here."""
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
    return 1000 * (vision_flops + text_flops) / flops_per_second(CPU, torch.float32)


@torch.inference_mode()
def one_case(max_crops: int, at_once: int, threads: int) -> dict[str, Any]:
    """Measures one case in this process."""
    torch.set_num_threads(threads)
    core.CROPS_AT_ONCE = at_once
    processor = make_processor()
    model = make_model(mid_size(VOCABULARY), make_grammar(processor))
    loaded = peak_mb(CPU)
    image = np.random.default_rng(0).integers(0, 256, (*PICTURE[::-1], 3), dtype=np.uint8)
    inputs = prompt(processor, image, "it", max_crops=max_crops)
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        prefill(model, inputs, (), new_cache(model, *inputs["input_ids"].shape))
        taken.append(1000 * (time.perf_counter() - began))
    crops, tokens = len(inputs["pixel_values"]), inputs["input_ids"].shape[1]
    floor = floor_ms(model.config, crops, tokens)
    ms = statistics.median(taken)
    return {
        "crops": crops,
        "tokens": tokens,
        "ms": round(ms, 1),
        "share of the floor": round(floor / ms, 2),
        "loaded MB": round(loaded),
        "peak MB": round(peak_mb(CPU)),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--case", type=int, nargs=2, metavar=("MAX_CROPS", "AT_ONCE"), help="one case only")
    args = parser.parse_args()
    if args.case:
        max_crops, at_once = args.case
        print(json.dumps(one_case(max_crops, at_once, args.threads)))
        return
    torch.set_num_threads(args.threads)
    results = []
    for max_crops in tqdm(MAX_CROPS):
        for way, at_once in {"a few at a time": core.CROPS_AT_ONCE, "all at once": 10**6}.items():
            words = ["--threads", str(args.threads), "--case", str(max_crops), str(at_once)]
            command = [sys.executable, "-m", "model.benchmarks.prefill", *words]
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            results.append({"way": way, **json.loads(out.splitlines()[-1])})
    print(
        "| crops | tokens | way | ms | share of the arithmetic floor | peak, MB |\n|---|---|---|---|---|---|"
    )
    for found in results:
        print(
            f"| {found['crops']} | {found['tokens']} | {found['way']} | {found['ms']} "
            f"| {found['share of the floor']} | {found['peak MB']} |"
        )
    print(json.dumps({**about(CPU), "cases": results}))


if __name__ == "__main__":
    main()
