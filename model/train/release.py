"""Writes what a run has learned as a checkpoint in the released format: `python -m model.train.release`.

Pieces of several processes are put together, adapters are added to the weights they sit on. `molmo_act.load`
and the original code read the result.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch

from model.train.adapters import merge_adapters
from model.train.export import write_checkpoint
from model.train.loop import RECIPE
from model.train.parts import freeze
from model.train.recipes import Recipe
from model.train.saved_run import load_weights
from model.train.starting import Start, start
from model.train.world import World
from molmo_act.errors import CheckpointError, MolmoActError

Config = TypeVar("Config")


def read_recipe(run: Path) -> Recipe:
    """The recipe of a run.

    Raises:
        CheckpointError: The folder holds no run.
    """
    path = run / RECIPE
    if not path.exists():
        raise CheckpointError(
            f"{run} holds no run: it has no {RECIPE}. Give a folder of python -m model.train."
        )
    return _filled(Recipe(), json.loads(path.read_text()))


def _filled(config: Config, values: dict[str, Any]) -> Config:
    changes = {}
    for field in fields(config):  # type: ignore[arg-type]
        value = values.get(field.name, getattr(config, field.name))
        old = getattr(config, field.name)
        changes[field.name] = _filled(old, value) if is_dataclass(old) and isinstance(value, dict) else value
    return replace(config, **changes)  # type: ignore[type-var]


def trained(run: Path) -> Start:
    """The model of a run as it was saved last, on the CPU, in float32, adapters merged.

    Raises:
        CheckpointError: The folder holds no run, or a damaged one.
    """
    recipe = read_recipe(run)
    # The weights below 4-bit adapters are those of the checkpoint; they are merged in full precision.
    adapters = "lora" if recipe.adapters == "qlora" else recipe.adapters
    made = start(
        replace(recipe, adapters=adapters, recompute=False, compile=False, precision="float32"),
        World(torch.device("cpu")),
    )
    freeze(made.objective, recipe)
    load_weights(run, made.objective)
    if adapters != "none":
        merge_adapters(made.model)
    made.model.eval()
    return made


def main() -> int:
    """Command line; 2 when there is nothing to write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, metavar="FOLDER", help="folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    args = parser.parse_args()
    try:
        made = trained(args.run)
    except MolmoActError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 2
    write_checkpoint(made.model.to(torch.bfloat16), made.processor, args.out)
    print(f"{args.out}: {sum(path.stat().st_size for path in args.out.iterdir()) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
