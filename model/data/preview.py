"""Shows what a source teaches: `python -m model.data.preview NAME`, and counts the rows that it skips.

Writes one PNG for each image or frame: its pixels with numbered points, and beside them the questions and
answers.
"""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from model._cli import command, make_parser, print_counts
from model.data.errors import SkippedRow
from model.data.registry import GENERATORS, RENDERED, Source, open_source
from model.data.schema import ImageSample, Query, Target, VideoQuery, VideoSample
from molmo_act.io.atomic import check_output_folder, explain_write_errors
from molmo_act.io.image_writer import save_image

COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#808000")
TEXT_WIDTH, CHARACTERS, LINE, RADIUS = 520, 68, 16, 5
LONGEST = 60  # lines


def preview_images(sample: ImageSample | VideoSample) -> Iterator[Image.Image]:
    """Draws what a sample teaches.

    Args:
        sample: An image, or a video, whose every frame is drawn.

    Yields:
        RGB images, see `preview_image`.
    """
    if isinstance(sample, ImageSample):
        yield preview_image(sample)
        return
    for number, frame in enumerate(sample.video.frames):
        queries = tuple(
            Query(query.text, query.label, _on_frame(query, number), query.kind) for query in sample.queries
        )
        yield preview_image(ImageSample(np.asarray(frame), queries, ()))


def _on_frame(query: VideoQuery, number: int) -> tuple[Target, ...]:
    points = [frame_point.point for frame_point in query.frame_points if frame_point.frame == number]
    return tuple(Target(point, (*point, *point)) for point in points)


def preview_image(sample: ImageSample) -> Image.Image:
    """Draws an image with numbered points, and beside it everything that is asked about it.

    Args:
        sample: The image with its queries.

    Returns:
        RGB, wider than the image by the column of text.
    """
    height, width = sample.image.shape[:2]
    lines = _lines(sample)[:LONGEST]
    canvas = Image.new("RGB", (width + TEXT_WIDTH, max(height, LINE * (len(lines) + 1))), "white")
    canvas.paste(Image.fromarray(sample.image))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    for number, query in enumerate(_queries(sample)):
        colour = COLOURS[number % len(COLOURS)]
        for target in query.targets:
            x, y = target.point
            draw.ellipse((x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS), outline=colour, width=2)
            draw.text((x + RADIUS, y - RADIUS), str(number), fill=colour, font=font)
    for row, (text, colour) in enumerate(lines):
        draw.text((width + 8, 4 + LINE * row), text, fill=colour, font=font)
    return canvas


def _queries(sample: ImageSample) -> list[Query]:
    return [*sample.queries, *(query for turn in sample.question_answers for query in turn.points)]


def _lines(sample: ImageSample) -> list[tuple[str, str]]:
    found = []
    for number, query in enumerate(_queries(sample)):
        text = f"{number}: {query.text} ({query.label}): {len(query.targets)}"
        found += [(line, COLOURS[number % len(COLOURS)]) for line in textwrap.wrap(text, CHARACTERS)]
    for turn in sample.question_answers:
        found += [(line, "black") for line in textwrap.wrap(f"Q ({turn.kind}): {turn.question}", CHARACTERS)]
        found += [(line, "#555555") for line in textwrap.wrap(f"A: {turn.answer}", CHARACTERS)]
    return found


def write_previews(source: Source, count: int, seed: int, out: Path) -> Counter[str]:
    """Writes previews of rows that are drawn at random.

    Args:
        source: Where the rows come from.
        count: How many rows to show.
        seed: Seed of the choice of rows and of what is drawn anew in each.
        out: Folder for the PNG files; made when missing.

    Returns:
        How many rows were shown, and for each reason how many were skipped.
    """
    with explain_write_errors(out, kind="previews"):
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
        for number, shown in enumerate(preview_images(sample)):
            save_image(shown, out / f"{seen['shown']:03d}_{number:03d}.png")
        seen["shown"] += 1
    return seen


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__, prog="python -m model.data.preview")
    parser.add_argument(
        "name", help=f"{', '.join((*GENERATORS, *RENDERED))}, or a public data set such as pixmo-points"
    )
    parser.add_argument("--data", type=Path, help="folder of public data sets")
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out/inspect"))
    args = parser.parse_args()
    check_output_folder(args.out / args.name)
    seen = write_previews(open_source(args.name, args.data), args.count, args.seed, args.out / args.name)
    print_counts(seen)
    print(args.out / args.name)


if __name__ == "__main__":
    sys.exit(main())
