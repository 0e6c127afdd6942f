"""Turns masks into points to learn from: `python -m model.data.annotate FOLDER`.

Takes a folder with one of these, see `model.data.datasets.mask_sets`, and writes points.jsonl beside it,
which `model.data.datasets.custom` reads:

    masks.jsonl               lines that name images and masks
    *.json in COCO's format   one line for each image and category
    meta_expressions.json     MeViS, Ref-YouTube-VOS, Ref-DAVIS: one line for each frame and expression

For every mask k points are drawn inside, with a probability proportional to their distance to the boundary,
and the one is kept from which a segmenter finds the mask again best (VideoMolmo, arXiv 2506.05336, equations
7 and 8). An interrupted run goes on where it stopped, and its result is that of one that was not.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from model._cli import command, make_parser, print_counts
from model.data.datasets.custom import FILE
from model.data.datasets.mask_sets import MaskRow, MaskSet, open_mask_set
from model.data.errors import SkippedRow
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file
from molmo_act.segmentation.annotation import CANDIDATES, point_of_mask
from molmo_act.segmentation.opening import open_propagator
from molmo_act.segmentation.propagator import PROPAGATORS, MaskPropagator

UNFINISHED = "points.unfinished.jsonl"
"""What an interrupted run leaves: its settings, then a line for each row that is done."""


@dataclass(frozen=True)
class Settings:
    """What decides about the points; a run goes on only with the same.

    Attributes:
        masks: Name of the file that lists the masks.
        segmenter: Name of what finds masks at points.
        weights: Its checkpoint; None for the usual one.
        candidates: Points that are tried for each mask.
        seed: Of the points that are tried.
    """

    masks: str
    segmenter: str = "sam2"
    weights: str | None = None
    candidates: int = CANDIDATES
    seed: int = 0


class Annotator:
    """Finds the points of masks; each mask once, however many rows name it.

    Args:
        segmenter: Finds the masks at points of an image.
        settings: How.
    """

    def __init__(self, segmenter: MaskPropagator, settings: Settings) -> None:
        self._segmenter, self._settings = segmenter, settings
        self._image: tuple[Path, np.ndarray] | None = None
        self._known: dict[str, list[float]] = {}

    def points(self, row: MaskRow) -> list[list[float]]:
        """Finds the point of each mask of a row.

        Args:
            row: The row.

        Returns:
            [x, y] of each in pixels.

        Raises:
            SkippedRow: The image or a mask is missing, or a mask is of another size or empty.
        """
        return [self._point(row, key) for key in row.masks]

    def _point(self, row: MaskRow, key: str) -> list[float]:
        name = f"{row.asked['image']} {key}"
        if name not in self._known:
            if self._image is None or self._image[0] != row.path:
                self._image = row.path, row.image()
            image, mask = self._image[1], row.mask(key)
            if mask.shape != image.shape[:2]:
                raise SkippedRow("mask has another size than its image")
            if not mask.any():
                raise SkippedRow("mask is empty")
            # Of the mask's name, so that points do not depend on what was done before.
            rng = np.random.default_rng([self._settings.seed, zlib.crc32(name.encode())])
            point = point_of_mask(
                mask,
                lambda xy: self._segmenter([image], xy)[:, 0],
                rng,
                candidates=self._settings.candidates,
            )
            self._known[name] = point.tolist()
        return self._known[name]


def annotate(folder: Path, masks: MaskSet, segmenter: MaskPropagator, settings: Settings) -> Counter[str]:
    """Writes points.jsonl, whole or not at all; what was done before an interruption is not done again.

    Args:
        folder: Where to.
        masks: What to annotate.
        segmenter: Finds the masks at points of an image.
        settings: How.

    Returns:
        How many lines were written, and for each reason how many were left out.

    Raises:
        InputError: An unfinished run with other settings lies in the folder.
    """
    unfinished = folder / UNFINISHED
    done = _resume(unfinished, settings)
    annotator = Annotator(segmenter, settings)
    with unfinished.open("a", encoding="utf-8") as file:
        rows = islice(masks.rows(), done, None)
        for row in tqdm(rows, "annotate", len(masks), initial=done, unit="row", disable=None):
            file.write(json.dumps(_annotated(annotator, row)) + "\n")
            file.flush()
    seen: Counter[str] = Counter()
    with atomic_file(folder / FILE) as beside, beside.open("w", encoding="utf-8") as out:
        for line in unfinished.read_text(encoding="utf-8").splitlines()[1:]:
            found = json.loads(line)
            if "left out" in found:
                seen[f"left out: {found['left out']}"] += 1
            else:
                seen["written"] += 1
                out.write(line + "\n")
    unfinished.unlink()
    return seen


def _annotated(annotator: Annotator, row: MaskRow) -> dict[str, Any]:
    try:
        return {**row.asked, "points": annotator.points(row)}
    except SkippedRow as reason:
        return {"left out": str(reason)}


def _resume(unfinished: Path, settings: Settings) -> int:
    """How many rows are done; begins the file where there is none, and drops a line that was cut off."""
    begins = json.dumps(asdict(settings)) + "\n"
    lines = unfinished.read_text(encoding="utf-8").splitlines(keepends=True) if unfinished.exists() else []
    if lines and lines[-1][-1] != "\n":
        del lines[-1]
    if lines and lines[0] != begins:
        raise InputError(
            f"{unfinished} is of a run with other settings ({lines[0].strip()}); expected "
            f"{begins.strip()}. Give the same options to go on with it, or delete it."
        )
    with atomic_file(unfinished) as beside:
        beside.write_text("".join(lines or [begins]), encoding="utf-8")
    return max(len(lines) - 1, 0)


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__, prog="python -m model.data.annotate")
    parser.add_argument("folder", type=Path, help="holds the masks; points.jsonl is written there")
    parser.add_argument("--masks", metavar="FILE", help="of several lists of masks in the folder, this one")
    parser.add_argument("--segmenter", choices=PROPAGATORS, default="sam2", help="(default: %(default)s)")
    parser.add_argument("--checkpoint", help="of the segmenter: a folder or a name on the hub")
    parser.add_argument("--device", default="cpu", help="of the segmenter (default: %(default)s)")
    parser.add_argument(
        "--candidates", type=int, default=CANDIDATES, help="points tried (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    masks = open_mask_set(args.folder, args.masks)
    settings = Settings(masks.name, args.segmenter, args.checkpoint, args.candidates, args.seed)
    segmenter = open_propagator(args.segmenter, weights=args.checkpoint, device=args.device)
    seen = annotate(args.folder, masks, segmenter, settings)
    print_counts(seen)
    print(args.folder / FILE)


if __name__ == "__main__":
    sys.exit(main())
