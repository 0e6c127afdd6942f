"""Turns masks into points to learn from: `python -m model.data.annotate FOLDER`.

Takes a folder with one of these, see `model.data.datasets.mask_sets`, and writes points.jsonl beside it,
which `model.data.datasets.custom` reads:

    masks.jsonl               lines that name images and masks
    *.json in COCO's format   one line for each image and category
    meta_expressions.json     MeViS, Ref-YouTube-VOS, Ref-DAVIS: one line for each frame and expression

For every mask k points are drawn inside, with a probability proportional to their distance to the boundary,
and the one is kept from which a segmenter finds the mask again best (VideoMolmo, arXiv 2506.05336, equations
7 and 8). An interrupted run goes on where it stopped, and its result is that of one that was not. Rows that
cannot be used are left out; the first of each reason are named, all are counted.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from model._cli import command, make_parser, print_counts
from model.data.datasets.custom import FILE
from model.data.datasets.mask_sets import MaskRow, MaskSet, open_mask_set
from model.data.datasets.segmentations import other_size
from model.data.errors import SkippedRow
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file
from molmo_act.segmentation.annotation import CANDIDATES, point_of_mask
from molmo_act.segmentation.opening import open_propagator
from molmo_act.segmentation.propagator import PROPAGATORS, MaskPropagator
from molmo_act.validation import check_int

UNFINISHED = "points.unfinished.jsonl"
"""What an interrupted run leaves: its settings, then a line for each row that is done."""
CHECKSUM = "lists"
"""Key beside the settings: what the rows were listed in."""
NAMED = 3
"""Rows that are named for each reason to leave them out."""


@dataclass(frozen=True)
class Settings:
    """What decides about the points; a run goes on only with the same.

    Attributes:
        masks: Name of the file that lists the masks.
        segmenter: Name of what finds masks at points.
        weights: Its checkpoint; None for the usual one.
        candidates: Points that are tried for each mask.
        seed: Of the points that are tried.

    Raises:
        InputError: Candidates are fewer than 1, or the seed is negative.
    """

    masks: str
    segmenter: str = "sam2"
    weights: str | None = None
    candidates: int = CANDIDATES
    seed: int = 0

    def __post_init__(self) -> None:
        check_int("candidates", self.candidates)
        check_int("seed", self.seed, least=0)


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
            SkippedRow: The image or a mask is missing, a mask is of another size or empty, or the row is
                damaged.
        """
        if row.fault is not None:
            raise row.fault
        return [self._point(row, key) for key in row.masks]

    def _point(self, row: MaskRow, key: str) -> list[float]:
        name = f"{row.asked['image']} {key}"
        if name not in self._known:
            if self._image is None or self._image[0] != row.path:
                self._image = row.path, row.image()
            image, mask = self._image[1], row.mask(key)
            if mask.shape != image.shape[:2]:
                raise other_size(*mask.shape)
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


def annotate(
    folder: Path, masks: MaskSet, segmenter: MaskPropagator, settings: Settings, *, again: bool = False
) -> Counter[str]:
    """Writes points.jsonl, whole or not at all; what was done before an interruption is not done again.

    The first rows that are left out for each reason are named on stderr.

    Args:
        folder: Where to.
        masks: What to annotate.
        segmenter: Finds the masks at points of an image.
        settings: How.
        again: Whether to replace a points.jsonl that is there.

    Returns:
        How many lines were written, and for each reason how many were left out.

    Raises:
        InputError: There is a points.jsonl, another run works in the folder, an unfinished one of other
            settings or other masks lies there, or no row could be used; then nothing is written.
    """
    refuse_existing(folder, again)
    with _alone(folder):
        unfinished = folder / UNFINISHED
        done = _resume(unfinished, settings, masks)
        _go_on(unfinished, masks, Annotator(segmenter, settings), done)
        seen = _finish(unfinished, folder, masks)
        unfinished.unlink()
    return seen


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps another run out of a folder: rows of two in one file would be doubled and lost."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel lets it go however the process ends
    except BlockingIOError:
        os.close(handle)
        raise InputError(f"Another run annotates {folder}. Wait until it ends.") from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(handle)


def _go_on(unfinished: Path, masks: MaskSet, annotator: Annotator, done: int) -> None:
    """Adds a line for each row that is not done."""
    named: Counter[str] = Counter()
    with unfinished.open("a", encoding="utf-8") as file:
        rows = islice(masks.rows(), done, None)
        for row in tqdm(rows, "annotate", len(masks), initial=done, unit="row", disable=None):
            found = _annotated(annotator, row)
            file.write(json.dumps(found) + "\n")
            file.flush()
            if "left out" in found:
                _name(masks, row, found["left out"], named)


def refuse_existing(folder: Path, again: bool = False) -> None:
    """Checks that points.jsonl of somebody else's work is not replaced.

    Args:
        folder: Where it would be.
        again: Whether to replace it all the same.

    Raises:
        InputError: It is there.
    """
    if (folder / FILE).exists() and not again:
        raise InputError(f"{folder / FILE} is there already; move it away, or give --again to replace it.")


def _annotated(annotator: Annotator, row: MaskRow) -> dict[str, Any]:
    try:
        return {**row.asked, "points": annotator.points(row)}
    except SkippedRow as reason:
        return {"left out": str(reason)}


def _name(masks: MaskSet, row: MaskRow, reason: str, named: Counter[str]) -> None:
    """Says which row is left out, for each reason a few times."""
    named[reason] += 1
    if named[reason] <= NAMED:
        further = "; further ones are only counted" if named[reason] == NAMED else ""
        tqdm.write(f"left out: {masks.name}, {row.where}: {reason}{further}", file=sys.stderr)


def _finish(unfinished: Path, folder: Path, masks: MaskSet) -> Counter[str]:
    """Makes points.jsonl of what is done, and counts."""
    lines = unfinished.read_text(encoding="utf-8").splitlines()[1:]
    rows = [(line, json.loads(line).get("left out")) for line in lines]
    seen = Counter("written" if reason is None else f"left out: {reason}" for _, reason in rows)
    if not seen["written"]:
        unfinished.unlink()
        reasons = "; ".join(f"{what}: {number}" for what, number in seen.most_common(3) if number)
        raise InputError(
            f"No row of {folder / masks.name} can be used ({reasons or 'it lists none'}); expected at least "
            "one image with its masks. Nothing was written."
        )
    with atomic_file(folder / FILE) as beside, beside.open("w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line, reason in rows if reason is None)
    return seen


def _resume(unfinished: Path, settings: Settings, masks: MaskSet) -> int:
    """How many rows are done; begins the file where there is none, and drops a line that was cut off."""
    asked = asdict(settings)
    begins = json.dumps({**asked, CHECKSUM: masks.checksum()}) + "\n"
    written = unfinished.read_text(encoding="utf-8", errors="replace") if unfinished.exists() else ""
    lines = written.splitlines(keepends=True)
    if lines and lines[-1][-1] != "\n":
        del lines[-1]
    if lines and lines[0] != begins:
        raise InputError(_why_not(unfinished, lines, asked, masks))
    with atomic_file(unfinished) as beside:
        beside.write_text("".join(lines or [begins]), encoding="utf-8")
    return max(len(lines) - 1, 0)


def _why_not(unfinished: Path, lines: list[str], asked: Mapping[str, Any], masks: MaskSet) -> str:
    """Why a run that was begun does not go on."""
    try:
        had = dict(json.loads(lines[0]).items())
    except (ValueError, AttributeError):
        return f"{unfinished} is no unfinished run of this command; move it away."
    had.pop(CHECKSUM, None)
    if had == asked:
        return (
            f"{', '.join(map(str, masks.lists))} changed since {unfinished} was begun, whose "
            f"{len(lines) - 1} rows may not be those of now. Delete {unfinished.name} to begin again, or "
            "bring back the old list to go on."
        )
    return (
        f"{unfinished} is of a run with other settings ({json.dumps(had)}); expected {json.dumps(asked)}. "
        "Give the same options to go on with it, or delete it."
    )


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
    parser.add_argument("--again", action="store_true", help="replace a points.jsonl that is there")
    args = parser.parse_args()
    refuse_existing(args.folder, args.again)
    masks = open_mask_set(args.folder, args.masks)
    settings = Settings(masks.name, args.segmenter, args.checkpoint, args.candidates, args.seed)
    segmenter = open_propagator(args.segmenter, weights=args.checkpoint, device=args.device)
    seen = annotate(args.folder, masks, segmenter, settings, again=args.again)
    print_counts(seen)
    print(args.folder / FILE)


if __name__ == "__main__":
    sys.exit(main())
