"""Milliseconds per point: the engine against `generate` with the logits processor, on this machine.

`python -m model.benchmarks.decode --threads 1` alternates the two on models of random weights and on nano,
and says which share of the time memory alone would need to deliver the weights; one JSON line comes last.
Answers of both are compared before anything is timed. On a GPU the released shapes have room too:
`--device cuda --dtype bfloat16 --models MolmoPoint-8B --quantizations none int8 nf4`.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
import torch
from torch import nn

import molmo_act
from model.benchmarks.machine import about, bytes_per_second
from model.benchmarks.random_checkpoints import NAMES, checkpoint, grammar_of
from model.benchmarks.random_models import prompt
from model.data.scenes import draw_scene
from molmo_act.bench import compare

PICTURE, SMALL = (640, 480), (320, 240)
LONGEST = 48  # ids, that is twelve points of random models
SEED, QUERY = 3, "shapes"
MODELS = ("mid-size, 32768 words", "mid-size, 151936 words", "nano")


def scene(size: tuple[int, int]) -> np.ndarray:
    """One composed picture of a (width, height)."""
    return draw_scene(np.random.default_rng(SEED), *size, None).image


def bytes_of_a_step(model: nn.Module) -> int:
    """Weights that every forward pass of decoding has to read: language blocks and the table of words."""
    blocks = model.get_submodule("model.language_model.layers")
    tensors = [*blocks.parameters(), *blocks.buffers(), model.get_parameter("lm_head.weight")]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def measure(
    name: str, quantization: str | None, device: torch.device, dtype: torch.dtype, rounds: int
) -> dict[str, Any]:
    """Both paths of one model in one precision."""
    exact = dtype == torch.float32 and quantization is None
    with checkpoint(name, dtype) as folder:
        model = molmo_act.load(folder, device=device, dtype=dtype, quantization=quantization)
    image = scene(SMALL if name == "nano" else PICTURE)
    inputs = prompt(model.processor, image, QUERY, device=device)
    inputs = {key: value.to(device) for key, value in inputs.items()}
    found = compare(
        model.model, inputs, grammar_of(model), QUERY, rounds=rounds, longest=LONGEST, exact=exact
    )
    floor_ms = 1000 * bytes_of_a_step(model.model) / bytes_per_second(device)
    found["share_of_bandwidth_floor"] = round(
        floor_ms * found["forward_passes"] / found["ms"]["decode"]["median"], 2
    )
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--models", nargs="+", default=MODELS, choices=NAMES, metavar="NAME")
    parser.add_argument("--quantizations", nargs="+", default=["none"], metavar="Q")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    results = {
        f"{name}, {quantization}": measure(
            name,
            None if quantization == "none" else quantization,
            args.device,
            getattr(torch, args.dtype),
            args.rounds,
        )
        for name in args.models
        for quantization in args.quantizations
    }
    print(
        "| model, quantization | generate, ms/point | engine, ms/point | times faster | prefill "
        "| share of the bandwidth floor |\n|---|---|---|---|---|---|"
    )
    for name, found in results.items():
        plain, ours = (found["ms"][key]["median"] / found["points"] for key in ("plain_decode", "decode"))
        ratios = f"{found['times_faster_decode']} | {found['times_faster_prefill']}"
        print(f"| {name} | {plain:.1f} | {ours:.1f} | {ratios} | {found['share_of_bandwidth_floor']} |")
    print(json.dumps({**about(args.device), "dtype": args.dtype, **results}))


if __name__ == "__main__":
    main()
