"""Measures what earlier frames are worth to nano: `python -m model.experiments.temporal`, see README.md.

VideoMolmo's temporal module (arXiv 2506.05336) at nano's size: no earlier frames at all, cross-attention to
the mean of 1, 2 and 4 of them, and of 4 by addition and by concatenation. All arms are runs of the recipe
`temporal`: they start from the bundled nano, are trained on the same drawn clips in the same order, and are
evaluated on the same held-out clips. Prints a table, writes results. Stopped, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from model._cli import command, make_parser
from model._machine import machine_info
from model.benchmarks.tracker import new_figure
from model.evaluation.metrics.bootstrap import compared
from model.evaluation.tracking import score_answers
from model.train.config.temporal import TemporalRecipe
from model.train.data.clips import HELD_OUT_SEED, draw_clip
from model.train.distributed import DistributedContext
from model.train.metrics import FILE
from model.train.run_lock import run_lock
from model.train.task import RunOptions
from model.train.trainer import Trainer
from molmo_act.pointing.model import PointingModel

ARMS = {
    "l = 0": TemporalRecipe(module="none"),
    "attention, l = 1": TemporalRecipe(past=1),
    "attention, l = 2": TemporalRecipe(past=2),
    "attention, l = 4": TemporalRecipe(past=4),
    "addition, l = 4": TemporalRecipe(module="addition"),
    "concatenation, l = 4": TemporalRecipe(module="concatenation"),
}
COLOURS = ("#888888", "#9db7f2", "#6a8de8", "#2f5bd0", "#e6194b", "#3cb44b")
METRICS = {"loss": "patch", "hits": "point_hits"}
"""Loss of the patches that are chosen, and share of right ones, by their names in runs."""

Measured = dict[str, list[float]]
"""Values of every metric, clip by clip."""
Curve = dict[int, Measured]
"""Evaluations by step."""


def read_curve(run: Path) -> Curve:
    """Reads the evaluations of a run on held-out clips, by step."""
    curve: Curve = {}
    for line in map(json.loads, (run / FILE).read_text().splitlines()):
        if "split" in line:
            found = curve.setdefault(line["step"], {metric: [] for metric in METRICS})
            for metric, name in METRICS.items():
                found[metric].append(line.get(name, float("nan")))
    return curve


def ask(model: PointingModel, clips: int, frames: int) -> list[float]:
    """Measures F1 on held-out clips as a stream is read: frame by frame, with its own earlier frames.

    Args:
        model: The model.
        clips: Number of clips.
        frames: Number of frames of each.

    Returns:
        Mean F1 of each clip.
    """
    found: list[float] = []
    config = model.model.config
    for number in tqdm(range(clips), f"evaluating {model.name}", unit="clip"):
        clip = draw_clip(HELD_OUT_SEED + number, frames)
        earlier: list[Tensor] = []
        scores: list[float] = []
        for frame in clip:
            encoded = model.encode(frame.image, past=earlier if config.temporal_module else ())
            earlier = [*earlier, encoded.windows_NKC][-config.temporal_frames :]
            answers = model.point(encoded, list(clip.queries))
            scores += [scored.f1 for scored in score_answers(frame, clip.queries, answers)]
        found.append(float(np.mean(scores)))
    return found


def read_arguments() -> argparse.Namespace:
    """Parses the command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--steps", type=int, default=TemporalRecipe.steps, help="clips to train on")
    parser.add_argument("--clips", type=int, default=TemporalRecipe.held_out, help="held-out clips")
    parser.add_argument("--frames", type=int, default=8, help="frames of a held-out clip, with --ask")
    parser.add_argument(
        "--eval-every",
        "--look-every",
        type=int,
        default=TemporalRecipe.eval_every,
        help="steps between evaluations on held-out clips",
    )
    parser.add_argument("--ask", action="store_true", help="measure F1 at the end, which takes longest")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and of clips to train on")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/temporal"))
    parser.add_argument(
        "--plot", type=Path, default=None, metavar="FILE", help="SVG or PNG of the losses by step"
    )
    return parser.parse_args()


@command
def main() -> None:
    """Runs the command line."""
    args = read_arguments()
    figure = None if args.plot is None else new_figure("drawing what earlier frames are worth")
    torch.set_num_threads(args.threads)
    changes = {"seed": args.seed, "steps": args.steps, "held_out": args.clips, "eval_every": args.eval_every}
    curves: dict[str, Curve] = {}
    found: dict[str, Measured] = {}
    for name in args.arms:
        folder = args.runs / f"{re.sub('[^a-z0-9]+', '_', name)}_{args.seed}"
        print(f"{name}, in {folder}", file=sys.stderr)
        context = DistributedContext(torch.device("cpu"))
        with run_lock(folder, context):
            run = Trainer(replace(ARMS[name], **changes), RunOptions(folder), context)
            run.train()
        if run.progress.step < args.steps:
            return  # stopped; the same command goes on
        curves[name] = read_curve(folder)
        found[name] = dict(curves[name][args.steps])
        if args.ask:
            model = PointingModel(run.model.eval(), run.task.processor, name)
            found[name]["f1"] = ask(model, args.clips, args.frames)
    facts = machine_info(torch.device("cpu")) | {"seed": args.seed, "steps": args.steps, "clips": args.clips}
    with (args.runs / "results.jsonl").open("a") as file:
        file.write(json.dumps(facts | {"held_out": found}) + "\n")
    print_table(found)
    if figure is not None:
        plot(figure, curves, args.plot)


def print_table(found: dict[str, Measured]) -> None:
    """Prints every metric of every arm, and its difference to the first arm."""
    base = next(iter(found.values()))
    titles = [title for metric in base for title in (metric, "difference")]
    print(f"| arm | {' | '.join(titles)} |\n|{'---|' * (len(titles) + 1)}")
    for name, measured in found.items():
        pairs = (compared(values, base[metric]) for metric, values in measured.items())
        cells = [c for mean, gain, error in pairs for c in (f"{mean:.3f}", f"{gain:+.3f} ± {error:.3f}")]
        print(f"| {name} | {' | '.join(cells)} |")


def plot(figure: Any, curves: dict[str, Curve], path: Path) -> None:
    """Draws the difference of each arm's loss on held-out clips to that of the first arm, by step.

    Args:
        figure: A matplotlib figure.
        curves: Evaluations by arm.
        path: Image file to write.
    """
    axes = figure.subplots()
    base = next(iter(curves.values()))
    for (name, found), colour in zip(curves.items(), COLOURS, strict=False):
        pairs = [compared(found[step]["loss"], base[step]["loss"]) for step in base]
        _, gains, errors = zip(*pairs, strict=True)
        axes.errorbar(list(base), gains, errors, label=name, color=colour, capsize=2)
    axes.set(xlabel="clips trained on", ylabel="loss of patches, difference to no earlier frame")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)


if __name__ == "__main__":
    sys.exit(main())
