"""Steps of the recipe `gui` from a small model, in full or with QLoRA: loss, speed and memory.

The data are generated shapes, which need no fetched assets; crops, tokens and the rest are the recipe's.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from model._machine import peak_mb, reset_peak
from model.benchmarks._random_checkpoints import checkpoint
from model.benchmarks.gpu_proof.rows import Row, part_parser
from model.train.config.overrides import override
from model.train.config.presets import RECIPES
from model.train.distributed import init_distributed
from model.train.metrics import FILE
from model.train.task import RunOptions
from model.train.trainer import Trainer

STEPS, BATCH = 8, 4
SMALL_STEPS = 2
SMALL = (
    "precision=float32",
    "batch=1",
    "tokens=1200",
    "crops=6",
    "max_crops=3",
    "side_least=120",
    "side_most=240",
    "buffer=2",
)


def changes(adapters: str, *, small: bool) -> list[str]:
    """Changes of the recipe, as its command line takes them."""
    steps = SMALL_STEPS if small else STEPS
    common = ["data=1 shapes", f"steps={steps}", f"save_every={10 * steps}", f"eval_every={10 * steps}"]
    size = SMALL if small else (f"batch={BATCH}", "buffer=8", "side_least=800", "side_most=1600")
    return [*common, *size, f"adapters={adapters}"]


def train(model: str, adapters: str, device: torch.device, *, small: bool) -> list[dict[str, Any]]:
    """Trains a few steps; gives the metrics of each."""
    recipe = override(RECIPES["gui"], [f"model={model}", *changes(adapters, small=small)])
    with tempfile.TemporaryDirectory() as folder, init_distributed(device.type) as context:
        Trainer(recipe, RunOptions(Path(folder) / "run"), context).train()
        lines = (Path(folder) / "run" / FILE).read_text().splitlines()
    return [line for line in map(json.loads, lines) if "split" not in line]


def training_rows(steps: Sequence[dict[str, Any]], peak: float) -> Iterator[Row]:
    """What a run says: finite losses, and the speed of its second half, when everything is compiled."""
    losses = [step["loss"] for step in steps]
    fine = all(map(math.isfinite, losses))
    yield Row("loss", f"{losses[0]:.3f} to {losses[-1]:.3f} in {len(losses)} steps", "finite", fine)
    late = steps[len(steps) // 2 :]
    speed = sum(step["tokens_per_second"] for step in late) / len(late)
    share = sum(step["share_of_peak"] for step in late) / len(late)
    yield Row("tokens per second", f"{speed:,.0f}", f"{100 * share:.0f} % of the products' peak")
    yield Row("peak memory", f"{peak * 1e6 / 2**30:.2f} GiB")


def main() -> None:
    """Command line."""
    parser = part_parser(__doc__)
    parser.add_argument("--adapters", default="none", choices=("none", "lora", "qlora"))
    args = parser.parse_args()
    if args.small:
        torch.set_num_threads(1)
    reset_peak(args.device)
    with checkpoint("tiny" if args.small else "mid-size, 32768 words", torch.float32) as folder:
        steps = train(str(folder), args.adapters, args.device, small=args.small)
    for row in training_rows(steps, peak_mb(args.device)):
        row.print()


if __name__ == "__main__":
    main()
