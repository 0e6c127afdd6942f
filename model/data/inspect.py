"""Shows what a source teaches, as pictures: `python -m model.data.inspect NAME`, and counts what it skips.

Writes one PNG a picture: the picture with numbered points, and beside it the questions and answers.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from model.command import command
from model.data.sample import Film, FilmQuery, Picture, Query, Target
from model.data.skipping import SkippedRow
from model.data.sources import GENERATORS, RENDERED, Source, open_source

COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#808000")
TEXT_WIDTH, CHARACTERS, LINE, RADIUS = 520, 68, 16, 5
LONGEST = 60  # lines


def sheets(sample: Picture | Film) -> Iterator[Image.Image]:
    """The picture, or every frame of the film, and everything that is asked about it."""
    if isinstance(sample, Picture):
        yield sheet(sample)
        return
    for number, frame in enumerate(sample.video.frames):
        queries = tuple(
            Query(query.text, query.label, _on_frame(query, number), query.kind) for query in sample.queries
        )
        yield sheet(Picture(np.asarray(frame), queries, ()))


def _on_frame(query: FilmQuery, number: int) -> tuple[Target, ...]:
    points = [sighting.point for sighting in query.sightings if sighting.frame == number]
    return tuple(Target(point, (*point, *point)) for point in points)


def sheet(picture: Picture) -> Image.Image:
    """The picture and everything that is asked about it."""
    height, width = picture.image.shape[:2]
    lines = _lines(picture)[:LONGEST]
    canvas = Image.new("RGB", (width + TEXT_WIDTH, max(height, LINE * (len(lines) + 1))), "white")
    canvas.paste(Image.fromarray(picture.image))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    for number, query in enumerate(_queries(picture)):
        colour = COLOURS[number % len(COLOURS)]
        for target in query.targets:
            x, y = target.point
            draw.ellipse((x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS), outline=colour, width=2)
            draw.text((x + RADIUS, y - RADIUS), str(number), fill=colour, font=font)
    for row, (text, colour) in enumerate(lines):
        draw.text((width + 8, 4 + LINE * row), text, fill=colour, font=font)
    return canvas


def _queries(picture: Picture) -> list[Query]:
    return [*picture.queries, *(query for said in picture.said for query in said.points)]


def _lines(picture: Picture) -> list[tuple[str, str]]:
    found = []
    for number, query in enumerate(_queries(picture)):
        text = f"{number}: {query.text} ({query.label}): {len(query.targets)}"
        found += [(line, COLOURS[number % len(COLOURS)]) for line in textwrap.wrap(text, CHARACTERS)]
    for said in picture.said:
        found += [(line, "black") for line in textwrap.wrap(f"Q ({said.kind}): {said.question}", CHARACTERS)]
        found += [(line, "#555555") for line in textwrap.wrap(f"A: {said.answer}", CHARACTERS)]
    return found


def look(source: Source, count: int, seed: int, out: Path) -> Counter[str]:
    """Writes `count` sheets of rows drawn at random; gives why rows were skipped, and how many were shown."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    seen: Counter[str] = Counter()
    for index in rng.permutation(sum(source.blocks)).tolist():
        if seen["shown"] >= count:
            break
        try:
            sample = source.read(index, rng)
        except SkippedRow as exc:
            seen[f"skipped: {exc}"] += 1
            continue
        for number, shown in enumerate(sheets(sample)):
            shown.save(out / f"{seen['shown']:03d}_{number:03d}.png")
        seen["shown"] += 1
    return seen


@command
def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m model.data.inspect",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "name", help=f"{', '.join((*GENERATORS, *RENDERED))}, or a public data set such as pixmo-points"
    )
    parser.add_argument("--data", type=Path, help="folder of public data sets")
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out/inspect"))
    args = parser.parse_args()
    seen = look(open_source(args.name, args.data), args.count, args.seed, args.out / args.name)
    for what, number in seen.items():
        print(f"{what}: {number}")
    print(args.out / args.name)


if __name__ == "__main__":
    sys.exit(main())
