"""Trains one of the recipes in a folder, with changes of its keys.

    python -m model.train RECIPE FOLDER [key=value …]

Recipes: nano (the bundled checkpoint from scratch), tune_nano, pretrain, sft, long_context, gui, video,
temporal, videomolmo. The same command resumes a run that was stopped. Many GPUs:
`torchrun --nproc_per_node 8 -m model.train sft runs/sft`. `python -m model.train.export` writes the
checkpoint. A first try on a small machine:

    python -m model.train tune_nano runs/try data='1 shapes' steps=20
"""

from __future__ import annotations

import sys

from model._cli import command
from model.train._arguments import training_arguments
from model.train.config.overrides import override
from model.train.config.presets import RECIPES


@command
def main() -> None:
    """Runs the command line; status 2 when the run cannot begin or go on."""
    parser = training_arguments("python -m model.train", __doc__)
    parser.add_argument("--workers", type=int, default=1, help="loading processes of each training process")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="CUDA where there is one unless given")
    parser.add_argument("--wandb", action="store_true", help="send metrics to W&B too")
    parser.add_argument(
        "--new-recipe", action="store_true", help="resume a run although its recipe was another"
    )
    args = parser.parse_intermixed_args()
    # Below, so that --help needs neither the packages of the extra nor seconds.
    from model.train.distributed import init_distributed
    from model.train.run_lock import run_lock
    from model.train.task import RunOptions
    from model.train.trainer import Trainer

    options = RunOptions(args.run, args.data, args.workers, args.wandb, args.new_recipe)
    recipe = override(RECIPES[args.recipe], args.changes)
    with init_distributed(args.device) as context, run_lock(options.folder, context):
        Trainer(recipe, options, context).train()


if __name__ == "__main__":
    sys.exit(main())
