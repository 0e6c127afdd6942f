"""The paper's comparisons at nano's size: `python -m model.train.experiments`, see EXPERIMENTS.md.

Every arm learns the same pictures, two questions each, in the same order, with the vision tower and connector
of a checkpoint that sees, frozen, and all else random. After so many pictures it is asked about some that it
never saw. Prints a table, writes a plot (extra `plots`), and one line of JSON a result.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from model.data.answer_form import AnswerForm
from model.data.sample import Picture
from model.data.scenes import draw_scene
from model.evaluation.metrics import score_query
from model.evaluation.pointing import answered
from model.train.course import Settings
from model.train.loop import Run
from model.train.packed_recipe import PackedRecipe, Part
from model.train.world import World
from molmo_act.errors import InputError, MissingExtraError
from molmo_act.modeling.coordinate_text import extract_coordinate_points
from molmo_act.pointing_model import PointingModel

BUDGETS = (512, 2048, 8192, 32768)
HELD_OUT_SEED = 9_000_001
OVERCOUNT_FROM, OVERCOUNT_FACTOR = 5, 2
"""An overcount has more points than either, and than that many times the truth."""
AVERAGE_POWER = 6.94  # γ: an average as wide as a tenth of the steps before

Tensors = tuple[Tensor, ...] | list[Tensor]

LEARNING = Part(1e-3, warmup=50)
GROUNDING_TOKENS = PackedRecipe(
    fresh="language",
    data="1 shapes",
    tokens=1024,
    crops=16,
    batch=1,
    max_crops=6,
    side_least=120,
    side_most=225,
    points=2,
    names=0,
    final=1.0,
    vision=Part(0.0),
    connector=Part(0.0),
    language=LEARNING,
    grounding=LEARNING,
    recompute=False,
    form=AnswerForm(empty="list"),
    save_every=10_000,
)
ARMS = {
    "grounding tokens": GROUNDING_TOKENS,
    "text coordinates": replace(GROUNDING_TOKENS, form=AnswerForm(coordinates="text")),
    "without rotary": replace(GROUNDING_TOKENS, rotary=False),
    "without no-more-points": replace(GROUNDING_TOKENS, form=AnswerForm(no_more_points=False)),
    "without sorting": replace(GROUNDING_TOKENS, form=AnswerForm(order="shuffled", empty="list")),
}


def learn(
    recipe: PackedRecipe, folder: Path, budgets: Sequence[int], workers: int
) -> Iterator[tuple[int, PointingModel]]:
    """Trains, and gives the model as it stands whenever so many examples have been shown.

    The learning rates are flat, so that no budget depends on a longer one; what is given are weights averaged
    over the steps before, the last tenth of them above all (Karras et al., "Analyzing and Improving the
    Training Dynamics of Diffusion Models", section 3.1).

    Args:
        recipe: What an arm learns.
        folder: Of the run; a new one.
        budgets: Examples, rising.
        workers: Processes that draw pictures.

    Raises:
        InputError: The folder holds a run already.
    """
    if folder.exists():
        raise InputError(f"{folder} exists; expected a new folder. Delete it, or give other --runs.")
    run = Run(recipe, Settings(folder, workers=workers), World(torch.device("cpu")))
    averaged = AveragedModel(run.model, multi_avg_fn=average)
    for budget in budgets:
        with tqdm(total=budget, initial=run.progress.examples, desc=folder.name, unit="example") as bar:
            while run.progress.examples < budget:
                run.step()
                averaged.update_parameters(run.model)
                bar.update(run.progress.examples - bar.n)
        yield budget, PointingModel(averaged.module.eval(), run.course.processor, folder.name)


def average(averages: Tensors, weights: Tensors, count: Tensor | int) -> None:
    """Moves averages over `count` steps on to weights, step *t* counted in proportion to t^γ."""
    torch._foreach_lerp_(averages, weights, 1 - (1 - 1 / (int(count) + 1)) ** (AVERAGE_POWER + 1))


def ask(model: PointingModel, text: bool, queries: int, sides: tuple[int, int]) -> dict[str, float]:
    """F1, rate of overcounts and of rightly empty answers on held-out pictures of shapes.

    Args:
        model: Who is asked.
        text: Whether it answers in coordinates as text, which are read from its words.
        queries: How many.
        sides: Least and largest side of the pictures, pixels; larger than in training shows more crops.
    """
    scores, over = [], []
    for query, points in answered(model.point, held_out(sides), queries, 8, model.name):
        xy = points.xy
        if text:
            rows = extract_coordinate_points(points.text, points.image_size)
            xy = np.array([row[2:] for row in rows], dtype=np.float64).reshape(-1, 2)
        scores.append(score_query(xy, query.targets))
        over.append(len(xy) > OVERCOUNT_FROM and len(xy) > OVERCOUNT_FACTOR * len(query.targets))
    present = [score.f1 for score in scores if score.wanted]
    absent = [score.predicted == 0 for score in scores if not score.wanted]
    return {
        "f1": round(float(np.mean(present)), 4),
        "overcounts": round(float(np.mean(over)), 4),
        "absent": round(float(np.mean(absent)), 4) if absent else float("nan"),
    }


def held_out(sides: tuple[int, int]) -> Iterator[Picture]:
    """Pictures that no arm learns from, without end."""
    for number in itertools.count():
        rng = np.random.default_rng([HELD_OUT_SEED, number])
        width, height = (int(side) for side in rng.integers(*sides, 2))
        yield draw_scene(rng, width, height, None)


def read_curves(results: Path, seed: int) -> dict[str, list[tuple[int, float]]]:
    """F1 by examples of every arm in a file of results, those of earlier commands included."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for found in map(json.loads, results.read_text().splitlines()):
        if found["seed"] == seed:
            curves.setdefault(found["arm"], []).append((found["examples"], found["small"]["f1"]))
    return curves


def plot(curves: dict[str, list[tuple[int, float]]], path: Path) -> None:
    """Draws F1 against examples.

    Raises:
        MissingExtraError: matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as exc:
        raise MissingExtraError("matplotlib", "plots", "drawing F1 against examples") from exc
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="examples", ylabel="F1", xscale="log", ylim=(0, 1))
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), "o-", label=name)
    ticks = sorted({count for points in curves.values() for count, _ in points})
    axes.set_xticks(ticks, map(str, ticks))
    axes.minorticks_off()
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--examples", nargs="+", type=int, default=BUDGETS)
    parser.add_argument("--queries", type=int, default=400, help="of held-out pictures, for each result")
    parser.add_argument("--large", nargs=2, type=int, default=(225, 420), help="sides of larger pictures")
    parser.add_argument("--model", default="", help="checkpoint that sees; else the bundled nano")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/experiments"))
    args = parser.parse_args()
    results = args.runs / "results.jsonl"
    print("| arm | examples | F1 | overcounts | absent said | F1 on larger pictures |")
    print("|---|---|---|---|---|---|")
    for name in args.arms:
        recipe = replace(ARMS[name], seed=args.seed, model=args.model)
        text = recipe.form.coordinates == "text"
        folder = args.runs / f"{name.replace(' ', '_')}_{args.seed}"
        for examples, model in learn(recipe, folder, sorted(args.examples), args.workers):
            small = ask(model, text, args.queries, (recipe.side_least, recipe.side_most))
            large = ask(model, text, args.queries, tuple(args.large))
            print(
                f"| {name} | {examples} | {small['f1']:.3f} | {small['overcounts']:.3f} "
                f"| {small['absent']:.3f} | {large['f1']:.3f} |",
                flush=True,
            )
            found = {"arm": name, "examples": examples, "seed": args.seed, "small": small, "large": large}
            with results.open("a") as file:
                file.write(json.dumps(found | {"machine": platform.machine()}) + "\n")
    plot(read_curves(results, args.seed), args.runs / "f1.png")


if __name__ == "__main__":
    main()
