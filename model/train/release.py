"""Writes what a run has learned as a checkpoint in the released format: `python -m model.train.release`.

Pieces of several processes are put together, adapters are added to the weights they sit on. `molmo_act.load`
and the original code read the result.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from model.train.adapters import merge_adapters
from model.train.course import Course, Settings
from model.train.courses import open_course
from model.train.packed_recipe import PackedRecipe
from model.train.recipe_file import read_recipe
from model.train.saved_run import load_weights
from model.train.world import World
from molmo_act.errors import MolmoActError
from molmo_act.modeling import MolmoPointForConditionalGeneration, MolmoPointProcessor


def trained(run: Path) -> Course:
    """The course of a run with the weights it saved last, on the CPU, in float32, adapters merged.

    Raises:
        CheckpointError: The folder holds no run, or a damaged one.
    """
    recipe = read_recipe(run)
    if isinstance(recipe, PackedRecipe):
        # The weights below 4-bit adapters are those of the checkpoint; they are merged in full precision.
        adapters = "lora" if recipe.adapters == "qlora" else recipe.adapters
        recipe = replace(recipe, adapters=adapters, recompute=False, compile=False, precision="float32")
    course = open_course(recipe, Settings(run), World(torch.device("cpu")))
    load_weights(run, course.objective)
    merge_adapters(course.objective.model)
    course.objective.eval()
    return course


def write_checkpoint(
    model: MolmoPointForConditionalGeneration, processor: MolmoPointProcessor, out: Path
) -> None:
    """Writes a checkpoint beside its place, then moves its files there; files with other names stay.

    Args:
        model: Stored as it is.
        processor: Saved with it.
        out: Folder of the checkpoint.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        partial = Path(folder)
        model.save_pretrained(partial)
        processor.save_pretrained(partial)
        out.mkdir(exist_ok=True)
        for path in partial.iterdir():
            shutil.move(path, out / path.name)


def main() -> int:
    """Command line; 2 when there is nothing to write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, metavar="FOLDER", help="folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    args = parser.parse_args()
    try:
        course = trained(args.run)
    except MolmoActError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 2
    write_checkpoint(course.objective.model.to(torch.bfloat16), course.processor, args.out)
    print(f"{args.out}: {sum(path.stat().st_size for path in args.out.iterdir()) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
