"""Exports what a run has learned as a checkpoint in the released format: `python -m model.train.export`.

Shards of several processes are put together, adapters are merged into the weights. `molmo_act.load` and the
original code read the result.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch

from model._cli import command, make_parser
from model.train.checkpoint import load_weights
from model.train.config.mixture import MixtureRecipe
from model.train.config.packed import PackedRecipe
from model.train.config.run_config import read_recipe
from model.train.distributed import DistributedContext
from model.train.models.lora import merge_adapters
from model.train.task import RunOptions, Task
from model.train.tasks.build import build_task
from molmo_act.io.atomic import check_output_folder
from molmo_act.models.saving import save_checkpoint


def load_trained(run: Path) -> Task:
    """Opens the task of a run with the weights it saved last, on the CPU, in float32, adapters merged.

    Args:
        run: Folder of the run.

    Returns:
        Its task, in evaluation mode.

    Raises:
        CheckpointError: The folder holds no run, or a damaged one.
    """
    recipe = read_recipe(run)
    if isinstance(recipe, PackedRecipe) and recipe.adapters == "qlora":
        # The weights below 4-bit adapters are those of the checkpoint; they are merged in full precision.
        recipe = replace(recipe, adapters="lora")
    if isinstance(recipe, MixtureRecipe):
        recipe = replace(recipe, recompute=False, compile=False, precision="float32")
    task = build_task(recipe, RunOptions(run), DistributedContext(torch.device("cpu")))
    load_weights(run, task.loss_module)
    merge_adapters(task.loss_module.model)
    task.loss_module.eval()
    return task


@command
def main() -> None:
    """Runs the command line; status 2 when there is nothing to write."""
    parser = make_parser(__doc__)
    parser.add_argument("run", type=Path, metavar="FOLDER", help="folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    args = parser.parse_args()
    check_output_folder(args.out)
    task = load_trained(args.run)
    save_checkpoint(task.loss_module.model.to(torch.bfloat16), task.processor, args.out)
    print(f"{args.out}: {sum(path.stat().st_size for path in args.out.iterdir()) / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
