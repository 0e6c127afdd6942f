"""The paper's comparisons at nano's size: `python -m model.train.experiments`, see EXPERIMENTS.md.

Every arm learns the same pictures in the same order for the same number of examples, from the same weights:
vision tower and connector of a checkpoint that sees, all else random. Then each is asked about pictures it
never saw. Prints a table, writes a plot, and one line of JSON an arm.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from model.data.answer_form import AnswerForm
from model.data.sample import Picture
from model.data.scenes import draw_scene
from model.evaluation.metrics import score_query
from model.evaluation.pointing import answered
from model.train.loop import Run, Settings, make_stream
from model.train.recipes import Part, Recipe
from model.train.release import trained
from model.train.starting import start
from model.train.world import World
from molmo_act.modeling.coordinate_text import extract_coordinate_points
from molmo_act.pointing_model import PointingModel

BUDGETS = (512, 2048, 8192, 32768)
HELD_OUT_SEED = 9_000_001
OVERCOUNT_FROM, OVERCOUNT_FACTOR = 5, 2
"""An overcount has more points than either, and than that many times the truth."""
LOOKED_AT = 8  # sequences, to learn how many examples one holds
COLOURS = ("#4363d8", "#e6194b", "#3cb44b", "#f58231", "#911eb4")
PLOT = (640, 420)

LEARNING = Part(1e-3, warmup=50)
BASE = Recipe(
    fresh="language",
    data="1 shapes",
    tokens=2048,
    crops=32,
    batch=1,
    max_crops=6,
    side_least=200,
    side_most=420,
    points=8,
    names=0,
    vision=Part(2e-4, warmup=50),
    connector=Part(2e-4, warmup=50),
    language=LEARNING,
    grounding=LEARNING,
    recompute=False,
    form=AnswerForm(empty="list"),
    save_every=10_000,
)
ARMS = {
    "grounding tokens": BASE,
    "text coordinates": replace(BASE, form=AnswerForm(coordinates="text")),
    "without rotary": replace(BASE, rotary=False),
    "without no-more-points": replace(BASE, form=AnswerForm(no_more_points=False)),
    "without sorting": replace(BASE, form=AnswerForm(order="shuffled", empty="list")),
}


def learn(recipe: Recipe, folder: Path, examples: int, workers: int) -> PointingModel:
    """Trains until so many examples have been shown, and gives the model as it stands then.

    The cosine is as long as the examples are expected to take, so every budget is a run of its own.
    """
    world = World(torch.device("cpu"))
    first = itertools.islice(make_stream(recipe, start(recipe, world), None, world), LOOKED_AT)
    packed = sum(pack.examples for pack in first) / LOOKED_AT
    steps = max(2, round(examples / packed / recipe.batch))
    run = Run(replace(recipe, steps=steps), Settings(folder, workers=workers), world)
    while run.progress.examples < examples:
        run.step()
    run.save()
    made = trained(folder)
    return PointingModel(made.model, made.processor, folder.name)


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


def plot(curves: dict[str, list[tuple[int, float]]]) -> Image.Image:
    """F1 against examples, the latter in octaves."""
    canvas = Image.new("RGB", PLOT, "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    left, top, right, bottom = 50, 20, PLOT[0] - 190, PLOT[1] - 40
    octaves = [np.log2(count) for points in curves.values() for count, _ in points]
    low, span = min(octaves), max(max(octaves) - min(octaves), 1.0)
    draw.rectangle((left, top, right, bottom), outline="#888888")
    for number, (name, points) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [
            (left + (np.log2(count) - low) / span * (right - left), bottom - f1 * (bottom - top))
            for count, f1 in points
        ]
        draw.line(places, fill=colour, width=2)
        for (x, y), (count, f1) in zip(places, points, strict=True):
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
            draw.text((x + 4, y - 16), f"{f1:.2f}", fill=colour, font=font)
            draw.text((x - 12, bottom + 4), str(count), fill="#444444", font=font)
        draw.text((right + 8, top + 18 * number), name, fill=colour, font=font)
    draw.text((left, PLOT[1] - 18), "examples", fill="#444444", font=font)
    draw.text((8, top), "F1", fill="#444444", font=font)
    return canvas


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--examples", nargs="+", type=int, default=BUDGETS)
    parser.add_argument("--queries", type=int, default=400, help="of held-out pictures, for each result")
    parser.add_argument("--large", nargs=2, type=int, default=(420, 760), help="sides of larger pictures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/experiments"))
    args = parser.parse_args()
    curves: dict[str, list[tuple[int, float]]] = {}
    print("| arm | examples | F1 | overcounts | absent said | F1 on larger pictures |")
    print("|---|---|---|---|---|---|")
    for name in args.arms:
        recipe = replace(ARMS[name], seed=args.seed)
        text = recipe.form.coordinates == "text"
        for examples in args.examples:
            folder = args.runs / f"{name.replace(' ', '_')}_{examples}_{args.seed}"
            model = learn(recipe, folder, examples, args.workers)
            small = ask(model, text, args.queries, (recipe.side_least, recipe.side_most))
            large = ask(model, text, args.queries, tuple(args.large))
            curves.setdefault(name, []).append((examples, small["f1"]))
            print(
                f"| {name} | {examples} | {small['f1']:.3f} | {small['overcounts']:.3f} "
                f"| {small['absent']:.3f} | {large['f1']:.3f} |"
            )
            found = {"arm": name, "examples": examples, "seed": args.seed, "small": small, "large": large}
            with (args.runs / "results.jsonl").open("a") as file:
                file.write(json.dumps(found | {"machine": platform.machine()}) + "\n")
    plot(curves).save(args.runs / "f1.png")


if __name__ == "__main__":
    main()
