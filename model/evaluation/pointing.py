"""Measures how well a checkpoint points on images it never saw: `python -m model.evaluation.pointing`.

Scenes and screens come from the held-out splits of the generators (other seeds, drawings, fonts and icons).
Composed pages, real web pages and rendered scenes come from folders that `model.data.web.render`,
`model.data.web.real_pages` and `model.data.rendered3d.render` filled, ScreenSpot from where it was
downloaded. Prints a table, then one JSON object with each kind of query apart. For ScreenSpot the kinds are
text and icon, and the hit rate, that of the first point, is its accuracy.
"""

from __future__ import annotations

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
from model._cli import add_model, command, make_parser
from model.data.datasets.screenspot import LAYOUTS, ScreenSpot
from model.data.errors import SkippedRow
from model.data.registry import Source
from model.data.rendered3d.dataset import read_images
from model.data.scenes.generate import draw_scene, scenes
from model.data.schema import ImageSample, Query
from model.data.screens.forms import draw_form
from model.data.screens.generate import draw_screen
from model.data.web.dataset import HtmlPages
from model.data.web.real_pages import read_pages
from model.evaluation.metrics.pointing import QueryScore, score_query, summarise
from molmo_act.errors import InputError

SEED = 7_000_001
SMALL_SIDES = (200, 451)  # pixels, of images like those of training
WHOLE_SCREEN = (1280, 800)


def small(draw: Callable[[np.random.Generator, int, int], ImageSample]) -> Iterator[ImageSample]:
    """Yields images of the size of training images."""
    for number in itertools.count():
        rng = np.random.default_rng([SEED, number])
        width, height = (int(side) for side in rng.integers(*SMALL_SIDES, 2))
        yield draw(rng, width, height)


def whole_screens() -> Iterator[ImageSample]:
    """Yields held-out screens of 1280 × 800 pixels."""
    for number in itertools.count():
        yield draw_screen(np.random.default_rng([SEED + 1, number]), *WHOLE_SCREEN, split="eval")


def shuffled_samples(source: Source, name: str) -> Iterator[ImageSample]:
    """Yields the samples of a source in random order and reports what was skipped."""
    skipped: Counter[str] = Counter()
    rng = np.random.default_rng(SEED)
    try:
        for index in rng.permutation(sum(source.blocks)).tolist():
            try:
                sample = source.read(index, rng)
            except SkippedRow as reason:
                skipped[str(reason)] += 1
                continue
            assert isinstance(sample, ImageSample)
            yield sample
    finally:
        for why, number in skipped.items():
            print(f"{name}: {number} left out: {why}", file=sys.stderr)


def sources(
    pages: Path | None = None,
    rendered: Path | None = None,
    data: Path | None = None,
    composed: Path | None = None,
) -> dict[str, Iterable[ImageSample]]:
    """Returns named streams of samples; those of folders only where folders are given.

    Raises:
        InputError: A folder does not hold what it should.
    """
    streams: dict[str, Iterable[ImageSample]] = {
        "plain windows": small(partial(draw_form, split="eval")),
        "scenes, shapes only": small(partial(draw_scene, library=None)),
        "scenes, new images": scenes(SEED, split="fresh"),
        "scenes, new drawings": scenes(SEED, split="eval"),
        "scenes, new style": scenes(SEED, split="style"),
        "screens, small": small(partial(draw_screen, split="eval")),
        "screens, whole": whole_screens(),
    }
    if composed is not None:
        streams["pages, composed"] = shuffled_samples(HtmlPages(composed, "eval"), "pages, composed")
    if pages is not None:
        streams["real web pages"] = read_pages(pages)
    if rendered is not None:
        streams["scenes, rendered"] = read_images(rendered)
    if data is not None:
        found = [name for name, layout in LAYOUTS.items() if (data / layout.folder).is_dir()]
        if not found:
            folders = ", ".join(layout.folder for layout in LAYOUTS.values())
            raise InputError(f"There is no data set in {data}; expected one of the folders {folders}.")
        streams |= {name: shuffled_samples(ScreenSpot(name, data), name) for name in found}
    return streams


Pointer = Callable[[np.ndarray, list[str]], list[molmo_act.Points]]


def answered(
    point: Pointer, samples: Iterable[ImageSample], queries: int, per_image: int, name: str
) -> Iterator[tuple[Query, molmo_act.Points]]:
    """Yields about `queries` queries with their answers.

    Args:
        point: Answers the queries about an image, uint8 RGB (H, W, 3).
        samples: Images with their queries.
        queries: About how many queries to ask in all.
        per_image: Most queries about one image.
        name: Name of the images, for the progress bar.

    Yields:
        Each query with its answer.
    """
    with tqdm(total=queries, desc=name, unit="query") as bar:
        for number, sample in enumerate(samples):
            chosen = np.random.default_rng([SEED, number]).permutation(len(sample.queries))[:per_image]
            asked = [sample.queries[i] for i in chosen]
            if not asked:
                continue
            yield from zip(asked, point(sample.image, [query.text for query in asked]), strict=True)
            bar.update(len(asked))
            if bar.n >= queries:
                return


def overall_and_kind(query: Query) -> tuple[str, ...]:
    """Returns the groups a query counts to: all queries, and its kind."""
    return "all", query.kind


def evaluate(
    point: Pointer,
    samples: Iterable[ImageSample],
    queries: int,
    per_image: int,
    name: str,
    groups: Callable[[Query], Iterable[str]] = overall_and_kind,
) -> dict[str, dict[str, float]]:
    """Scores the queries of `answered`, which takes the same arguments, for each group they count to."""
    scores: dict[str, list[QueryScore]] = defaultdict(list)
    for query, points in answered(point, samples, queries, per_image, name):
        outcome = score_query(points.xy, query.targets)
        for group in groups(query):
            scores[group].append(outcome)
    return {group: summarise(outcomes) for group, outcomes in scores.items()}


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    add_model(parser)
    parser.add_argument("--queries", type=int, default=400, help="queries of each source")
    parser.add_argument("--per-picture", type=int, default=8, help="most queries of one image")
    parser.add_argument("--composed", type=Path, default=None, help="folder of composed pages")
    parser.add_argument("--pages", type=Path, default=None, help="folder of rendered web pages")
    parser.add_argument("--rendered", type=Path, default=None, help="folder of rendered stills")
    parser.add_argument("--data", type=Path, default=None, help="folder of data sets, for ScreenSpot")
    parser.add_argument("--only", nargs="*", default=None, help="names of sources, all unless given")
    parser.add_argument("--mode", default="reference", help="reference or masked, see PointingModel.point")
    parser.add_argument("--max-crops", type=int, default=None, help="most detailed crops of an image")
    args = parser.parse_args()
    model = molmo_act.load(args.model)

    def point(image: np.ndarray, queries: list[str]) -> list[molmo_act.Points]:
        return model.point(image, queries, order=args.mode, max_crops=args.max_crops)

    results = {}
    for name, samples in sources(args.pages, args.rendered, args.data, args.composed).items():
        if args.only is None or name in args.only:
            results[name] = evaluate(point, samples, args.queries, args.per_picture, name)
    print("| images | queries | F1 | hit rate | absent accuracy |\n|---|---|---|---|---|")
    for name, kinds in results.items():
        total = kinds["all"]
        rates = " | ".join(
            f"{total[key]:.3f}" if key in total else "" for key in ("f1", "hit_rate", "absent_accuracy")
        )
        print(f"| {name} | {total['queries']} | {rates} |")
    print(json.dumps({"model": model.name, "machine": platform.processor() or platform.machine(), **results}))


if __name__ == "__main__":
    sys.exit(main())
