"""Repeats the comparisons of the paper at the size of nano: `python -m model.experiments.grounding_tokens`.

Every arm is trained on the same images, two questions each, in the same order, with the vision tower and
connector of a checkpoint, frozen, and all else random. After given numbers of images it is evaluated on
held-out ones. Prints a table, writes a plot (extra `plots`), and one line of JSON per result. README.md has
the results.
"""

from __future__ import annotations

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

from model._cli import make_parser
from model.data.encoding.answer_format import AnswerFormat
from model.data.scenes.generate import draw_scene
from model.data.schema import ImageSample
from model.evaluation.metrics.pointing import score_query
from model.evaluation.pointing import answered
from model.train.config.mixture import ParamGroupConfig
from model.train.config.packed import PackedRecipe
from model.train.distributed import DistributedContext
from model.train.task import RunOptions
from model.train.trainer import Trainer
from molmo_act._optional import import_optional
from molmo_act.errors import InputError
from molmo_act.formats.coordinate_text import extract_coordinate_points
from molmo_act.pointing.model import PointingModel

BUDGETS = (512, 2048, 8192, 32768)
HELD_OUT_SEED = 9_000_001
OVERCOUNT_FROM, OVERCOUNT_FACTOR = 5, 2
"""An overcount has more than 5 points, and more than twice as many as are right."""
AVERAGE_POWER = 6.94  # γ: an average as wide as a tenth of the steps before

Tensors = tuple[Tensor, ...] | list[Tensor]

LEARNING = ParamGroupConfig(1e-3, warmup=50)
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
    final=1.0,
    vision=ParamGroupConfig(0.0),
    connector=ParamGroupConfig(0.0),
    language=LEARNING,
    grounding=LEARNING,
    recompute=False,
    form=AnswerFormat(empty="list"),
    save_every=10_000,
)
ARMS = {
    "grounding tokens": GROUNDING_TOKENS,
    "text coordinates": replace(GROUNDING_TOKENS, form=AnswerFormat(coordinates="text")),
    "without rotary": replace(GROUNDING_TOKENS, rotary=False),
    "without no-more-points": replace(GROUNDING_TOKENS, form=AnswerFormat(no_more_points=False)),
    "without sorting": replace(GROUNDING_TOKENS, form=AnswerFormat(order="shuffled", empty="list")),
}


def learn(
    recipe: PackedRecipe, folder: Path, budgets: Sequence[int], workers: int
) -> Iterator[tuple[int, PointingModel]]:
    """Trains an arm.

    The learning rates are flat, so that no budget depends on a longer one; weights are averaged over the
    steps before, mostly over the last tenth of them (Karras et al., "Analyzing and Improving the Training
    Dynamics of Diffusion Models", section 3.1).

    Args:
        recipe: The recipe of the arm.
        folder: Folder of the run, a new one.
        budgets: Numbers of examples, rising.
        workers: Number of processes that draw images.

    Yields:
        A budget, and the model with averaged weights after as many examples.

    Raises:
        InputError: The folder holds a run already.
    """
    if folder.exists():
        raise InputError(f"{folder} exists; expected a new folder. Delete it, or give other --runs.")
    run = Trainer(recipe, RunOptions(folder, workers=workers), DistributedContext(torch.device("cpu")))
    averaged = AveragedModel(run.model, multi_avg_fn=average)
    for budget in budgets:
        with tqdm(total=budget, initial=run.progress.examples, desc=folder.name, unit="example") as bar:
            while run.progress.examples < budget:
                run.step()
                averaged.update_parameters(run.model)
                bar.update(run.progress.examples - bar.n)
        yield budget, PointingModel(averaged.module.eval(), run.task.processor, folder.name)


def average(averages: Tensors, weights: Tensors, count: Tensor | int) -> None:
    """Updates averages over `count` steps with new weights, step *t* weighed in proportion to t^γ.

    Args:
        averages: Averages, changed in place.
        weights: Weights of the same shapes.
        count: Number of steps before.
    """
    torch._foreach_lerp_(averages, weights, 1 - (1 - 1 / (int(count) + 1)) ** (AVERAGE_POWER + 1))


def ask(model: PointingModel, text: bool, queries: int, sides: tuple[int, int]) -> dict[str, float]:
    """Evaluates a model on held-out images of shapes.

    Args:
        model: The model.
        text: Whether it answers in coordinates as text, which are read from its words.
        queries: Number of queries.
        sides: Smallest and largest side of the images, pixels; larger than in training shows more crops.

    Returns:
        F1 of present objects, and the rates of overcounts and of correctly empty answers.
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


def held_out(sides: tuple[int, int]) -> Iterator[ImageSample]:
    """Draws images that no arm is trained on, without end.

    Args:
        sides: Smallest and largest side, pixels.

    Yields:
        Images with queries.
    """
    for number in itertools.count():
        rng = np.random.default_rng([HELD_OUT_SEED, number])
        width, height = (int(side) for side in rng.integers(*sides, 2))
        yield draw_scene(rng, width, height, None)


def read_curves(results: Path, seed: int) -> dict[str, list[tuple[int, float]]]:
    """Reads F1 by number of examples of every arm.

    Args:
        results: File of results, those of earlier commands included.
        seed: Seed of the arms.
    """
    curves: dict[str, list[tuple[int, float]]] = {}
    for found in map(json.loads, results.read_text().splitlines()):
        if found["seed"] == seed:
            curves.setdefault(found["arm"], []).append((found["examples"], found["small"]["f1"]))
    return curves


def plot(curves: dict[str, list[tuple[int, float]]], path: Path) -> None:
    """Draws F1 against examples.

    Args:
        curves: F1 by number of examples, for every arm.
        path: Image file to write.

    Raises:
        MissingExtraError: matplotlib is missing.
    """
    drawing = import_optional("matplotlib.figure", extra="plots", purpose="drawing F1 against examples")
    figure = drawing.Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="examples", ylabel="F1", xscale="log", ylim=(0, 1))
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), "o-", label=name)
    ticks = sorted({count for points in curves.values() for count, _ in points})
    axes.set_xticks(ticks, map(str, ticks))
    axes.minorticks_off()
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """Runs the command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--examples", nargs="+", type=int, default=BUDGETS)
    parser.add_argument(
        "--queries", type=int, default=400, help="queries of held-out images, for each result"
    )
    parser.add_argument("--large", nargs=2, type=int, default=(225, 420), help="sides of larger images")
    parser.add_argument("--model", default="", help="checkpoint of vision tower and connector")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/experiments"))
    args = parser.parse_args()
    results = args.runs / "results.jsonl"
    print("| arm | examples | F1 | overcounts | absent reported | F1 on larger images |")
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
