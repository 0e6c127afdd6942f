"""How well a checkpoint points on generated pictures it never saw: `python -m model.evaluation.pointing`.

Scenes and screens come from the generators' held-out splits (other seeds, drawings, fonts and icons);
composed pages, real web pages and rendered scenes from folders that `model.data.html_screens`,
`model.data.pages` and `model.data.render_shots` filled, and ScreenSpot from where it was downloaded. Prints a
table, and one JSON object last, with kinds apart; for ScreenSpot these are text and icon, and the hit rate is
its accuracy: of the first point.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

import molmo_act
from model.command import command
from model.data.forms import draw_form
from model.data.html_pages import HtmlPages
from model.data.pages import read_pages
from model.data.sample import Picture, Query
from model.data.scenes import draw_scene, scenes
from model.data.screens import draw_screen
from model.data.screenspot import LAYOUTS, ScreenSpot
from model.data.shots import read_stills
from model.data.skipping import SkippedRow
from model.data.sources import Source
from model.evaluation.metrics import QueryScore, score_query, summarise
from molmo_act.errors import InputError

SEED = 7_000_001
SMALL_SIDES = (200, 451)  # pixels, of pictures like those of training
WHOLE_SCREEN = (1280, 800)


def small(draw: Callable[[np.random.Generator, int, int], Picture]) -> Iterator[Picture]:
    """Pictures of the size of training pictures."""
    for number in itertools.count():
        rng = np.random.default_rng([SEED, number])
        width, height = (int(side) for side in rng.integers(*SMALL_SIDES, 2))
        yield draw(rng, width, height)


def whole_screens() -> Iterator[Picture]:
    """Held-out screens of 1280 × 800."""
    for number in itertools.count():
        yield draw_screen(np.random.default_rng([SEED + 1, number]), *WHOLE_SCREEN, split="eval")


def all_pictures(source: Source, name: str) -> Iterator[Picture]:
    """The pictures of a source in an order at random; says what of it was left out."""
    skipped: Counter[str] = Counter()
    rng = np.random.default_rng(SEED)
    try:
        for index in rng.permutation(sum(source.blocks)).tolist():
            try:
                picture = source.read(index, rng)
            except SkippedRow as reason:
                skipped[str(reason)] += 1
                continue
            assert isinstance(picture, Picture)
            yield picture
    finally:
        for why, number in skipped.items():
            print(f"{name}: {number} left out: {why}", file=sys.stderr)


def sources(
    pages: Path | None = None,
    rendered: Path | None = None,
    data: Path | None = None,
    composed: Path | None = None,
) -> dict[str, Iterable[Picture]]:
    """Named streams of pictures; those of folders only where these are given.

    Raises:
        InputError: A folder does not hold what it should.
    """
    streams: dict[str, Iterable[Picture]] = {
        "plain windows": small(partial(draw_form, split="eval")),
        "scenes, shapes only": small(partial(draw_scene, library=None)),
        "scenes, new pictures": scenes(SEED, split="fresh"),
        "scenes, new drawings": scenes(SEED, split="eval"),
        "scenes, new style": scenes(SEED, split="style"),
        "screens, small": small(partial(draw_screen, split="eval")),
        "screens, whole": whole_screens(),
    }
    if composed is not None:
        streams["pages, composed"] = all_pictures(HtmlPages(composed, "eval"), "pages, composed")
    if pages is not None:
        streams["real web pages"] = read_pages(pages)
    if rendered is not None:
        streams["scenes, rendered"] = read_stills(rendered)
    if data is not None:
        found = [name for name, layout in LAYOUTS.items() if (data / layout.folder).is_dir()]
        if not found:
            folders = ", ".join(layout.folder for layout in LAYOUTS.values())
            raise InputError(f"There is no data set in {data}; expected one of the folders {folders}.")
        streams |= {name: all_pictures(ScreenSpot(name, data), name) for name in found}
    return streams


Pointer = Callable[[np.ndarray, list[str]], list[molmo_act.Points]]


def answered(
    point: Pointer, pictures: Iterable[Picture], queries: int, per_picture: int, name: str
) -> Iterator[tuple[Query, molmo_act.Points]]:
    """About `queries` queries with their answers.

    Args:
        point: Picture and queries → their answers.
        pictures: What is asked about.
        queries, per_picture: How many queries, of all pictures and of one.
        name: Of the pictures, for the progress bar.
    """
    with tqdm(total=queries, desc=name, unit="query") as bar:
        for number, picture in enumerate(pictures):
            chosen = np.random.default_rng([SEED, number]).permutation(len(picture.queries))[:per_picture]
            asked = [picture.queries[i] for i in chosen]
            if not asked:
                continue
            yield from zip(asked, point(picture.image, [query.text for query in asked]), strict=True)
            bar.update(len(asked))
            if bar.n >= queries:
                return


def overall_and_kind(query: Query) -> tuple[str, ...]:
    """What a query counts to."""
    return "all", query.kind


def evaluate(
    point: Pointer,
    pictures: Iterable[Picture],
    queries: int,
    per_picture: int,
    name: str,
    groups: Callable[[Query], Iterable[str]] = overall_and_kind,
) -> dict[str, dict[str, float]]:
    """Scores of the queries of `answered`, which takes the same, for each of the groups they count to."""
    scores: dict[str, list[QueryScore]] = defaultdict(list)
    for query, points in answered(point, pictures, queries, per_picture, name):
        outcome = score_query(points.xy, query.targets)
        for group in groups(query):
            scores[group].append(outcome)
    return {group: summarise(outcomes) for group, outcomes in scores.items()}


@command
def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None, help="folder or hub name; the bundled nano unless given")
    parser.add_argument("--queries", type=int, default=400, help="queries of each source")
    parser.add_argument("--per-picture", type=int, default=8, help="most queries of one picture")
    parser.add_argument("--composed", type=Path, default=None, help="folder of composed pages")
    parser.add_argument("--pages", type=Path, default=None, help="folder of rendered web pages")
    parser.add_argument("--rendered", type=Path, default=None, help="folder of rendered stills")
    parser.add_argument("--data", type=Path, default=None, help="folder of data sets, for ScreenSpot")
    parser.add_argument("--only", nargs="*", default=None, help="names of sources, all unless given")
    parser.add_argument("--mode", default="reference", help="reference or masked, see PointingModel.point")
    parser.add_argument("--max-crops", type=int, default=None, help="most detailed crops of a picture")
    args = parser.parse_args()
    model = molmo_act.load(args.model)
    point = partial(model.point, mode=args.mode, max_crops=args.max_crops)
    results = {}
    for name, pictures in sources(args.pages, args.rendered, args.data, args.composed).items():
        if args.only is None or name in args.only:
            results[name] = evaluate(point, pictures, args.queries, args.per_picture, name)
    print("| pictures | queries | F1 | hit rate | absent said |\n|---|---|---|---|---|")
    for name, kinds in results.items():
        total = kinds["all"]
        rates = " | ".join(
            f"{total[key]:.3f}" if key in total else "" for key in ("f1", "hit_rate", "absent_accuracy")
        )
        print(f"| {name} | {total['queries']} | {rates} |")
    print(json.dumps({"model": model.name, "machine": platform.processor() or platform.machine(), **results}))


if __name__ == "__main__":
    sys.exit(main())
