"""What earlier frames are worth to nano: `python -m model.train.temporal_experiment`, see EXPERIMENTS.md.

VideoMolmo's temporal module (arXiv 2506.05336) at nano's size: no earlier frames at all, cross-attention to
the mean of 1, 2 and 4 of them, and of 4 by addition and by concatenation. All arms are runs of the recipe
`temporal`: they start from the bundled nano, learn the same drawn clips in the same order, and are asked
about the same clips they never saw. Prints a table, writes results. Stopped, the same command goes on.
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

from model.benchmarks.machine import about
from model.benchmarks.stream import new_figure
from model.command import command
from model.evaluation.paired import compared
from model.evaluation.tracking import score_answers
from model.train.clip_lesson import HELD_OUT_SEED, draw_clip
from model.train.course import Settings
from model.train.loop import Run
from model.train.monitor import FILE
from model.train.temporal_recipe import TemporalRecipe
from model.train.world import World
from molmo_act.pointing_model import PointingModel

ARMS = {
    "l = 0": TemporalRecipe(module="none"),
    "attention, l = 1": TemporalRecipe(past=1),
    "attention, l = 2": TemporalRecipe(past=2),
    "attention, l = 4": TemporalRecipe(past=4),
    "addition, l = 4": TemporalRecipe(module="addition"),
    "concatenation, l = 4": TemporalRecipe(module="concatenation"),
}
COLOURS = ("#888888", "#9db7f2", "#6a8de8", "#2f5bd0", "#e6194b", "#3cb44b")
LOOKED_AT = {"loss": "patch", "hits": "point_hits"}
"""Loss of the patches that are chosen, and share of right ones, as runs call them."""

Measured = dict[str, list[float]]
"""By measure, clip by clip."""
Looks = dict[int, Measured]
"""By step."""


def read_looks(run: Path) -> Looks:
    """What a run wrote about held-out clips."""
    looks: Looks = {}
    for line in map(json.loads, (run / FILE).read_text().splitlines()):
        if "split" in line:
            found = looks.setdefault(line["step"], {measure: [] for measure in LOOKED_AT})
            for measure, name in LOOKED_AT.items():
                found[measure].append(line.get(name, float("nan")))
    return looks


def ask(model: PointingModel, clips: int, frames: int) -> list[float]:
    """Mean F1 of held-out clips, as a stream is asked about: frame by frame, by its own earlier frames.

    Args:
        model: Who is asked.
        clips: How many.
        frames: Of each.
    """
    found: list[float] = []
    config = model.model.config
    for number in tqdm(range(clips), f"asking {model.name}", unit="clip"):
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
    """Those of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--steps", type=int, default=TemporalRecipe.steps, help="clips that are learned from")
    parser.add_argument("--clips", type=int, default=TemporalRecipe.held_out, help="held-out clips")
    parser.add_argument("--frames", type=int, default=8, help="of a held-out clip, for asking")
    parser.add_argument(
        "--look-every",
        type=int,
        default=TemporalRecipe.look_every,
        help="steps between looks at held-out clips",
    )
    parser.add_argument("--ask", action="store_true", help="measure F1 at the end, which takes longest")
    parser.add_argument("--seed", type=int, default=0, help="of weights and of clips to learn from")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/temporal"))
    parser.add_argument("--plot", type=Path, default=None, metavar="FILE", help="SVG or PNG of the looks")
    return parser.parse_args()


@command
def main() -> None:
    """Command line."""
    args = read_arguments()
    figure = None if args.plot is None else new_figure("drawing what earlier frames are worth")
    torch.set_num_threads(args.threads)
    changes = {"seed": args.seed, "steps": args.steps, "held_out": args.clips, "look_every": args.look_every}
    looks: dict[str, Looks] = {}
    found: dict[str, Measured] = {}
    for name in args.arms:
        folder = args.runs / f"{re.sub('[^a-z0-9]+', '_', name)}_{args.seed}"
        print(f"{name}, in {folder}", file=sys.stderr)
        run = Run(replace(ARMS[name], **changes), Settings(folder), World(torch.device("cpu")))
        run.train()
        if run.progress.step < args.steps:
            return  # stopped; the same command goes on
        looks[name] = read_looks(folder)
        found[name] = dict(looks[name][args.steps])
        if args.ask:
            model = PointingModel(run.model.eval(), run.course.processor, name)
            found[name]["f1"] = ask(model, args.clips, args.frames)
    facts = about(torch.device("cpu")) | {"seed": args.seed, "steps": args.steps, "clips": args.clips}
    with (args.runs / "results.jsonl").open("a") as file:
        file.write(json.dumps(facts | {"held_out": found}) + "\n")
    print_table(found)
    if figure is not None:
        plot(figure, looks, args.plot)


def print_table(found: dict[str, Measured]) -> None:
    """Every measure of every arm, and its difference to the first one."""
    base = next(iter(found.values()))
    titles = [title for measure in base for title in (measure, "difference")]
    print(f"| arm | {' | '.join(titles)} |\n|{'---|' * (len(titles) + 1)}")
    for name, measured in found.items():
        pairs = (compared(values, base[measure]) for measure, values in measured.items())
        cells = [c for mean, gain, error in pairs for c in (f"{mean:.3f}", f"{gain:+.3f} ± {error:.3f}")]
        print(f"| {name} | {' | '.join(cells)} |")


def plot(figure: Any, looks: dict[str, Looks], path: Path) -> None:
    """Draws by step how much each arm's loss on held-out clips is above that of the first arm."""
    axes = figure.subplots()
    base = next(iter(looks.values()))
    for (name, found), colour in zip(looks.items(), COLOURS, strict=False):
        pairs = [compared(found[step]["loss"], base[step]["loss"]) for step in base]
        _, gains, errors = zip(*pairs, strict=True)
        axes.errorbar(list(base), gains, errors, label=name, color=colour, capsize=2)
    axes.set(xlabel="clips learned from", ylabel="loss of patches, difference to no earlier frame")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)


if __name__ == "__main__":
    sys.exit(main())
