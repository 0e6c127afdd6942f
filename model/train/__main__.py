"""Trains one of the recipes in a folder, with changes of its keys.

    python -m model.train RECIPE FOLDER [key=value …]

Recipes: nano, pretrain, sft, long_context, gui, video. The same command goes on after a stop. Many GPUs:
`torchrun --nproc_per_node 8 -m model.train sft runs/sft`. `python -m model.train.release` writes the
checkpoint. A first try on a small machine:

    python -m model.train nano runs/try data='1 shapes' steps=20
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from model.train.loop import Run, Settings
from model.train.overrides import override
from model.train.recipes import RECIPES
from model.train.world import join_world
from molmo_act.errors import MolmoActError


def main() -> int:
    """Command line; 2 when the run cannot begin or go on."""
    parser = argparse.ArgumentParser(
        prog="python -m model.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("run", type=Path, metavar="FOLDER", help="folder of the run")
    parser.add_argument("changes", nargs="*", metavar="key=value", help="changes of the recipe")
    parser.add_argument("--data", type=Path, help="folder of public data sets, each in a folder of its name")
    parser.add_argument("--workers", type=int, default=1, help="loading processes of each training process")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="CUDA where there is one unless given")
    parser.add_argument("--wandb", action="store_true", help="send metrics to W&B too")
    args = parser.parse_intermixed_args()
    settings = Settings(args.run, args.data, args.workers, args.wandb)
    try:
        recipe = override(RECIPES[args.recipe], args.changes)
        with join_world(args.device) as world:
            Run(recipe, settings, world).train()
    except MolmoActError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
