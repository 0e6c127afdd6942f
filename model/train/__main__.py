"""Trains one of the recipes in a folder, with changes of its keys.

    python -m model.train RECIPE FOLDER [key=value …]

Recipes: nano (the bundled checkpoint from scratch), tune_nano, pretrain, sft, long_context, gui, video,
temporal. The same command goes on after a stop. Many GPUs:
`torchrun --nproc_per_node 8 -m model.train sft runs/sft`. `python -m model.train.release` writes the
checkpoint. A first try on a small machine:

    python -m model.train tune_nano runs/try data='1 shapes' steps=20
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from model.train.course import Settings
from model.train.loop import Run
from model.train.overrides import override
from model.train.recipes import RECIPES
from model.train.world import join_world
from molmo_act.errors import MolmoActError


def main() -> int:
    """Command line; 2 when the run cannot begin or go on."""
    parser = training_arguments("python -m model.train", __doc__)
    parser.add_argument("--workers", type=int, default=1, help="loading processes of each training process")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="CUDA where there is one unless given")
    parser.add_argument("--wandb", action="store_true", help="send metrics to W&B too")
    parser.add_argument(
        "--new-recipe", action="store_true", help="go on with a run although its recipe was another"
    )
    args = parser.parse_intermixed_args()
    settings = Settings(args.run, args.data, args.workers, args.wandb, args.new_recipe)
    try:
        recipe = override(RECIPES[args.recipe], args.changes)
        with join_world(args.device) as world:
            Run(recipe, settings, world).train()
    except MolmoActError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 2
    return 0


def training_arguments(program: str, about: str | None) -> argparse.ArgumentParser:
    """A parser of what every program about a run asks for."""
    parser = argparse.ArgumentParser(
        prog=program, description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("run", type=Path, metavar="FOLDER", help="folder of the run")
    parser.add_argument("changes", nargs="*", metavar="key=value", help="changes of the recipe")
    parser.add_argument("--data", type=Path, help="folder of data sets, each in a folder of its name")
    return parser


if __name__ == "__main__":
    sys.exit(main())
