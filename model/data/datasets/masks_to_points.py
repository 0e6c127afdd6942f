"""Turns masks of your own images into points: `python -m model.data.datasets.masks_to_points FOLDER`.

Reads masks.jsonl in the folder and writes points.jsonl beside it, see `model.data.datasets.custom`. A mask is
an image of the same size as the one it belongs to; its pixels that are not black belong to one object:

    {"image": "a.jpg", "text": "the red mugs", "label": "mug", "masks": ["a_1.png", "a_2.png"]}

For every mask points are drawn inside, those far from the edge most often, and the one is kept from which a
segmenter finds the mask again (VideoMolmo, arXiv 2506.05336).
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model._cli import command, make_parser, print_counts
from model.data.datasets.custom import FILE, read_lines
from model.data.datasets.parquet import decoded
from model.data.errors import SkippedRow
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file
from molmo_act.segmentation.annotation import point_of_mask
from molmo_act.segmentation.opening import open_propagator
from molmo_act.segmentation.propagator import PROPAGATORS, MaskPropagator

MASKS = "masks.jsonl"
EXAMPLE = '{"image": "a.jpg", "text": "the red mug", "masks": ["a_mug.png"]}'


def convert(folder: Path, segmenter: MaskPropagator, seed: int = 0) -> Counter[str]:
    """Writes points.jsonl, whole or not at all.

    Args:
        folder: Holds masks.jsonl, images and masks.
        segmenter: Finds the mask at a point.
        seed: Seed of the points that are tried.

    Returns:
        How many lines were written, and for each reason how many were left out.

    Raises:
        InputError: A line cannot be used, or there is none.
    """
    rng = np.random.default_rng(seed)
    seen: Counter[str] = Counter()
    lines = []
    for number, line in enumerate(read_lines(folder / MASKS, EXAMPLE), 1):
        try:
            row = json.loads(line)
            masks, asked = (
                list(row["masks"]),
                {key: row[key] for key in ("image", "text", "label") if key in row},
            )
            if not {"image", "text"} <= set(asked):
                raise KeyError("image and text")
        except (ValueError, KeyError, TypeError) as exc:
            raise InputError(
                f"Line {number} of {folder / MASKS} cannot be used ({type(exc).__name__}: {exc}); expected "
                f"something like {EXAMPLE}."
            ) from exc
        try:
            points = _points(folder, asked, masks, segmenter, rng)
        except SkippedRow as reason:
            seen[f"left out: {reason}"] += 1
            continue
        lines.append(json.dumps({**asked, "points": points}) + "\n")
        seen["written"] += 1
    with atomic_file(folder / FILE) as partial:
        partial.write_text("".join(lines), encoding="utf-8")
    return seen


def _points(
    folder: Path,
    asked: Mapping[str, Any],
    masks: list[str],
    segmenter: MaskPropagator,
    rng: np.random.Generator,
) -> list[list[float]]:
    image = _read(folder / asked["image"], "image")
    points = []
    for name in masks:
        mask = _read(folder / name, "mask").max(axis=2) > 0
        if mask.shape != image.shape[:2]:
            raise SkippedRow("mask has another size than its image")
        if not mask.any():
            raise SkippedRow("mask is empty")
        point = point_of_mask(mask, lambda xy: segmenter([image], xy[None])[0, 0], rng)
        points.append(point.tolist())
    return points


def _read(path: Path, what: str) -> np.ndarray:
    try:
        return decoded(path.read_bytes())
    except OSError:
        raise SkippedRow(f"{what} is missing") from None


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__, prog="python -m model.data.datasets.masks_to_points")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--segmenter", choices=PROPAGATORS, default="grabcut", help="(default: %(default)s)")
    parser.add_argument("--checkpoint", help="of the segmenter: a folder or a name on the hub")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    segmenter = open_propagator(options.segmenter, weights=options.checkpoint)
    seen = convert(options.folder, segmenter, options.seed)
    print_counts(seen)
    print(options.folder / FILE)


if __name__ == "__main__":
    sys.exit(main())
