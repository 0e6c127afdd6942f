"""Times our reader beside rapidocr as it comes, on whole screens: `python -m model.benchmarks.reading`.

Both read the same pages, which `python -m model.data.web.real_pages --templates` rendered, in turns and in
one process, each page new to both. Then our reader reads each page again unchanged, and with one line
changed. A model with the reader answers a first query about each page, and a second one. Ratios are those of
the sums over all pages, the second query's to the first one's; processor time is what stays the same on a
busy machine. One JSON line comes last. Needs the extra `ocr`.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import molmo_act
from model._cli import add_model, command, make_parser
from molmo_act._optional import import_optional
from molmo_act.errors import InputError
from molmo_act.pointing.encoded_image import EncodedImage
from molmo_act.reading.rapidocr_reader import RapidOcrReader

FIRST, SECOND = "model with reader, first query", "second query about the screen"
QUERIES = "the Save button", "the Settings link"
RAPIDOCR, OURS, AGAIN, ONE_LINE = "rapidocr", "ours", "ours, unchanged", "ours, one line changed"


def timed(read: Callable[[Any], object], image: object) -> tuple[float, float]:
    """Seconds on the clock and of the processors that something about an image takes."""
    began, worked = time.perf_counter(), time.process_time()
    read(image)
    return time.perf_counter() - began, time.process_time() - worked


def _first_query(model: molmo_act.PointingModel, image: np.ndarray) -> tuple[EncodedImage, float, float]:
    """The screen as the model saw it, and what its first query took, reading included."""
    seen: list[EncodedImage] = []

    def ask(image: np.ndarray) -> None:
        seen.append(model.encode(image))
        model.point(seen[0], QUERIES[0])

    clock, worked = timed(ask, image)
    return seen[0], clock, worked


def with_a_line_changed(image: np.ndarray) -> np.ndarray:
    """A copy with a black bar of the size of a line of text in its middle."""
    changed = image.copy()
    row, column = (side // 2 for side in image.shape[:2])
    changed[row : row + 12, column : column + 80] = 0
    return changed


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--pages", type=Path, default=Path(".cache/pages"), help="rendered web pages")
    parser.add_argument("--every", type=int, default=8, help="read each N-th page (default: %(default)s)")
    add_model(parser)
    args = parser.parse_args()
    paths = sorted(args.pages.glob("*.png"))[:: args.every]
    if not paths:
        raise InputError(f"No pages in {args.pages}; render some with python -m model.data.web.real_pages.")
    rapidocr = import_optional("rapidocr", extra="ocr", purpose="this benchmark")
    theirs = rapidocr.RapidOCR(params={"Global.log_level": "error"})
    ours = RapidOcrReader()
    blank = np.full((64, 64, 3), 255, np.uint8)
    theirs(blank)
    ours.read(blank)
    model = molmo_act.load(args.model, reader=ours)
    model.point(blank, QUERIES[0])
    taken: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for path in paths:
        image = np.array(Image.open(path).convert("RGB"))
        bgr = np.ascontiguousarray(image[:, :, ::-1])
        ours.forget()
        taken[RAPIDOCR].append(timed(theirs, bgr))
        taken[OURS].append(timed(ours.read, image))
        taken[AGAIN].append(timed(ours.read, image))
        taken[ONE_LINE].append(timed(ours.read, with_a_line_changed(image)))
        ours.forget()
        screen, clock, worked = _first_query(model, image)
        taken[FIRST].append((clock, worked))
        taken[SECOND].append(timed(lambda seen: model.point(seen, QUERIES[1]), screen))
    report(len(paths), {name: np.mean(rows, axis=0) for name, rows in taken.items()})


def report(pages: int, means: dict[str, np.ndarray]) -> None:
    """Prints a table and one JSON object."""
    print("| reader | seconds a page | ratio | processor seconds | ratio |\n|---|---|---|---|---|")
    for name, (clock, worked) in means.items():
        base = means[FIRST if name in (FIRST, SECOND) else RAPIDOCR]
        print(f"| {name} | {clock:.2f} | {clock / base[0]:.3f} | {worked:.2f} | {worked / base[1]:.3f} |")
    machine = {"machine": platform.machine(), "cores": len(os.sched_getaffinity(0)), "pages": pages}
    rounded = {name: [round(float(each), 4) for each in row] for name, row in means.items()}
    print(json.dumps({**machine, "seconds, processor seconds": rounded}))


if __name__ == "__main__":
    sys.exit(main())
