"""Compares OCR with a pointing model on real pages: `python -m model.evaluation.ocr_baseline`.

Tesseract reads a page, and the words most similar to the label are its answer. OCR is given the exact label,
which a user rarely knows, and for an icon what people call it; the model is given people's words. Both get
the same queries about the same pages, which `python -m model.data.web.real_pages` rendered. Targets with a
label, icons and absent targets are counted apart. Needs the Debian package tesseract-ocr.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

import molmo_act
from model._cli import add_model, command, make_parser
from model.data.schema import ImageSample, Query
from model.data.web.real_pages import read_pages
from model.evaluation.pointing import evaluate
from molmo_act.errors import PlatformError

ENLARGED = 2
"""Factor by which pages are enlarged before OCR, as their letters are smaller than those of print."""
LEAST_ALIKE = 0.5
SPARSE_TEXT = "11"  # tesseract's page segmentation for words anywhere


@dataclass(frozen=True)
class Word:
    """A word that OCR read.

    Attributes:
        text: Its letters.
        box: (x0, y0, x1, y1), pixels of the page.
        line: Which line it stands in; words of a line follow one another.
    """

    text: str
    box: tuple[float, float, float, float]
    line: tuple[str, ...]


def read_words(image: np.ndarray) -> list[Word]:
    """Reads all words of a page, line by line.

    Args:
        image: uint8 (H, W, 3), RGB.

    Raises:
        PlatformError: Tesseract is not installed, or it failed.
    """
    program = shutil.which("tesseract")
    if program is None:
        raise PlatformError("The program tesseract is not here. Install it: apt-get install tesseract-ocr.")
    page = Image.fromarray(image)
    page = page.resize((page.width * ENLARGED, page.height * ENLARGED), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    page.save(buffer, format="PNG")
    done = subprocess.run(
        [program, "stdin", "stdout", "--psm", SPARSE_TEXT, "tsv"],
        input=buffer.getvalue(),
        capture_output=True,
    )
    if done.returncode:
        raise PlatformError(f"tesseract failed: {done.stderr.decode().strip()}.")
    return list(_words(done.stdout.decode("utf-8")))


def _words(table: str) -> Iterator[Word]:
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row["text"] or "").strip()
        if text:
            x, y, wide, high = (float(row[key]) / ENLARGED for key in ("left", "top", "width", "height"))
            line = (row["block_num"], row["par_num"], row["line_num"])
            yield Word(text, (x, y, x + wide, y + high), line)


def best_place(words: list[Word], label: str) -> tuple[tuple[float, float], float] | None:
    """Returns the middle of the words most similar to a label and their similarity, or None.

    Args:
        words: Of one page.
        label: What is looked for.
    """
    wanted = label.casefold()
    most = len(label.split()) + 1
    best: tuple[tuple[float, float], float] | None = None
    for first in range(len(words)):
        for last in range(first, min(first + most, len(words))):
            run = words[first : last + 1]
            if run[-1].line != run[0].line:
                break
            found = " ".join(word.text for word in run).casefold()
            alike = difflib.SequenceMatcher(None, wanted, found).ratio()
            if alike >= LEAST_ALIKE and (best is None or alike > best[1]):
                x0, y0, x1, y1 = zip(*(word.box for word in run), strict=True)
                best = ((min(x0) + max(x1)) / 2, (min(y0) + max(y1)) / 2), alike
    return best


def point_by_reading(image: np.ndarray, labels: list[str]) -> list[molmo_act.Points]:
    """Answers each label with one point or none; the score is the similarity."""
    words = read_words(image)
    answers = []
    for label in labels:
        place = best_place(words, label)
        xy, score = ([place[0]], [place[1]]) if place else ([], [])
        height, width = image.shape[:2]
        answers.append(
            molmo_act.Points(
                xy=np.array(xy, dtype=np.float32).reshape(-1, 2),
                score=np.array(score, dtype=np.float32),
                object_id=np.arange(1, len(xy) + 1),
                image_index=np.zeros(len(xy), dtype=np.int64),
                image_size=((width, height),),
                query=label,
                absent=0.0 if place else 1.0,
                text="",
            )
        )
    return answers


def query_by_label(samples: Iterable[ImageSample]) -> Iterator[ImageSample]:
    """Yields the same samples with the exact label as query text."""
    for sample in samples:
        yield replace(sample, queries=tuple(replace(query, text=query.label) for query in sample.queries))


LABELS, UNLABELLED = "with a label", ("icon", "absent")


def labels_apart(query: Query) -> tuple[str, ...]:
    """Returns the groups a query counts to: its kind, and all queries with a label together."""
    return (query.kind,) if query.kind in UNLABELLED else (LABELS, query.kind)


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--pages", type=Path, default=Path(".cache/pages"), help="rendered web pages")
    add_model(parser)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--per-picture", type=int, default=8)
    args = parser.parse_args()
    scored = partial(evaluate, queries=args.queries, per_image=args.per_image, groups=labels_apart)
    model = molmo_act.load(args.model)
    results = {
        "OCR, told the label": scored(
            point_by_reading, query_by_label(read_pages(args.pages)), name="OCR, told the label"
        ),
        model.name: scored(model.point, read_pages(args.pages), name=model.name),
    }
    seen = sorted({kind for found in results.values() for kind in found})
    kinds = sorted(seen, key=lambda kind: kind not in (LABELS, *UNLABELLED))
    print("| queries | of them | " + " | ".join(results) + " |\n|---|---|" + "---|" * len(results))
    for kind in kinds:
        rows = [found[kind] for found in results.values()]
        key = "absent_accuracy" if kind == "absent" else "hit_rate"
        print(f"| {kind} | {rows[0]['queries']} | " + " | ".join(f"{row[key]:.2f}" for row in rows) + " |")
    print(json.dumps({"machine": platform.machine(), "queries": args.queries, **results}))


if __name__ == "__main__":
    sys.exit(main())
