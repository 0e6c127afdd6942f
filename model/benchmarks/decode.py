"""Measures milliseconds per point: the engine against `generate` with the logits processor.

`python -m model.benchmarks.decode --threads 1` alternates the two on models of random weights and on nano,
and says which share of the time memory alone would need to deliver the weights; one JSON line comes last.
Answers of both are compared before anything is timed. On a GPU the released shapes have room too:
`--device cuda --dtype bfloat16 --models MolmoPoint-8B --quantizations none int8 nf4`.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from torch import nn

import molmo_act
from model._cli import make_parser
from model._machine import machine_info
from model.benchmarks._random_checkpoints import (
    NAMES,
    NANO,
    add_precision,
    checkpoint,
    load_model,
    quantization_of,
)
from model.benchmarks._random_models import prompt
from model.data.scenes.generate import draw_scene
from molmo_act.cli.bench import compare
from molmo_act.doctor.machine import bytes_per_second

IMAGE_SIZE, SMALL_IMAGE_SIZE = (640, 480), (320, 240)
MAX_NEW_TOKENS = 48  # ids, that is twelve points of random models
SEED, QUERY = 3, "shapes"
MODELS = ("mid-size, 32768 words", "mid-size, 151936 words", "nano")


def scene(size: tuple[int, int]) -> np.ndarray:
    """One composed image of a (width, height)."""
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
    with checkpoint(name, dtype) as folder:
        model = load_model(folder, device, dtype, quantization)
    return measure_loaded(model, rounds, exact=dtype == torch.float32 and quantization is None)


def measure_loaded(model: molmo_act.PointingModel, rounds: int, *, exact: bool) -> dict[str, Any]:
    """Both paths of a model, with the share of the bandwidth floor; `exact` insists on equal answers."""
    device = model.runtime.device
    image = scene(SMALL_IMAGE_SIZE if model.name == NANO else IMAGE_SIZE)
    inputs = prompt(model.processor, image, QUERY, device=device)
    inputs = {key: value.to(device) for key, value in inputs.items()}
    found = compare(
        model.model,
        inputs,
        model.runtime.grammar,
        QUERY,
        rounds=rounds,
        max_new_tokens=MAX_NEW_TOKENS,
        exact=exact,
    )
    floor_ms = 1000 * bytes_of_a_step(model.model) / bytes_per_second(device)
    found["floor_ms_of_a_pass"] = round(floor_ms, 3)
    found["share_of_bandwidth_floor"] = round(
        floor_ms * found["forward_passes"] / found["ms"]["decode"]["median"], 2
    )
    return found


def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    add_precision(parser)
    parser.add_argument("--models", nargs="+", default=MODELS, choices=NAMES, metavar="NAME")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    results = {
        f"{name}, {quantization}": measure(
            name, quantization_of(quantization), args.device, getattr(torch, args.dtype), args.rounds
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
    print(json.dumps({**machine_info(args.device), "dtype": args.dtype, **results}))


if __name__ == "__main__":
    main()
