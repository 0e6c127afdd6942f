"""Captured CUDA graphs against the slow path: the same ids, and how much faster.

In float32, with products in full precision, the ids of three paths are compared on drawn images: `generate`
of transformers, the engine step by step, and the engine with captured graphs.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

import molmo_act
from model.benchmarks._random_checkpoints import checkpoint, load_model
from model.benchmarks._random_models import prompt
from model.benchmarks._timing import alternate
from model.benchmarks.gpu_proof.rows import Row, part_parser
from model.data.scenes.generate import draw_scene
from molmo_act.cli.bench import generate
from molmo_act.generation.engine import Engine
from molmo_act.generation.limits import GenerationLimits

MAX_NEW_TOKENS = 48
QUERY = "shapes"


def compare_paths(name: str, model: molmo_act.PointingModel, images: int, rounds: int) -> list[Row]:
    """Compares ids on some images, and times the paths on the last one."""
    device, grammar = model.runtime.device, model.runtime.grammar
    capture = device.type == "cuda"
    # Static shapes are what graphs need; on a CPU they run as they would be captured.
    engines = {
        "step by step": Engine(model.model, grammar, static_shapes=True, cuda_graph=False),
        "captured" if capture else "as captured, on a CPU": Engine(
            model.model, grammar, static_shapes=True, cuda_graph=capture
        ),
    }
    limits, rng = GenerationLimits(MAX_NEW_TOKENS), np.random.default_rng(0)
    equal = dict.fromkeys(engines, 0)
    for _ in range(images):
        width, height = (int(side) for side in rng.integers(160, 480, 2))
        image = draw_scene(rng, width, height, None).image
        inputs = {k: v.to(device) for k, v in prompt(model.processor, image, QUERY, device=device).items()}
        slow = generate(model.model, inputs, grammar.end_ids, MAX_NEW_TOKENS)[0]
        expected = [token for token in slow if token not in grammar.end_ids]
        for path, engine in engines.items():
            equal[path] += engine.generate(inputs, [QUERY], limits=limits).answers[0].tokens == expected
    ways = {path: partial(e.generate, inputs, [QUERY], limits=limits) for path, e in engines.items()}
    plain = partial(generate, model.model, inputs, grammar.end_ids, MAX_NEW_TOKENS)
    taken = alternate({"generate of transformers": plain, **ways}, rounds, name)
    anchor = f"{taken['generate of transformers']['median']} ms: generate of transformers"
    return [
        Row(
            f"{name}, {path}",
            f"{equal[path]} of {images} answers with the ids of generate, {taken[path]['median']} ms each",
            anchor,
            equal[path] == images,
        )
        for path in engines
    ]


def main() -> None:
    """Command line."""
    args = part_parser(__doc__).parse_args()
    torch.set_float32_matmul_precision("highest")
    images, rounds = (1, 1) if args.small else (12, 5)
    for name in ("nano", "tiny" if args.small else "mid-size, 32768 words"):
        with checkpoint(name, torch.float32) as folder:
            model = load_model(folder, args.device, torch.float32)
        for row in compare_paths(name, model, images, rounds):
            row.print()


if __name__ == "__main__":
    main()
