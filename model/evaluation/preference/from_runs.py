"""Makes what people compare out of runs of `model.evaluation`: answers of several models to the same rows."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from model.evaluation.asking_videos import COUNTED, WRITTEN
from model.evaluation.benchmark import Benchmark, Case, Prediction, Record
from model.evaluation.official.point_text import extract_timed_points
from model.evaluation.registry import BENCHMARKS
from model.evaluation.run_files import Header, files_of, read_run
from model.evaluation.video_sources import ShownVideo
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_folder
from molmo_act.io.frames import read_frames
from molmo_act.io.video_writer import video_writer

ITEMS = "items.jsonl"
_MARKS = re.compile(r"</?(?:points?|tracks)\b[^>]*>|<POINT_\d+>|<\|[^<>|]*\|>")  # they tell who wrote them
Run = tuple[Header, list[Record]]


def write_items(runs: Sequence[Path], out: Path, limit: int | None = None) -> Counter[str]:
    """Writes a folder with `items.jsonl` and the images and videos that it names.

    Args:
        runs: Folders of at least two runs.
        out: A new folder.
        limit: Most rows of a benchmark, spread evenly; None for all.

    Returns:
        How many items were written, and how many rows were left out for which reason.

    Raises:
        InputError: Runs cannot be read, or share no row that can be shown.
    """
    counts: Counter[str] = Counter()
    names = [name for name in BENCHMARKS if sum(bool(files_of(run, name)) for run in runs) > 1]
    if out.exists() and any(out.iterdir()):
        raise InputError(f"{str(out)!r} is not empty; give --out a new folder.")
    with atomic_folder(out) as folder:
        (folder / "media").mkdir()
        with (folder / ITEMS).open("w", encoding="utf-8") as file:
            for name in names:
                found = {run: read_run(run, name) for run in runs if files_of(run, name)}
                for item in _items(BENCHMARKS[name], found, folder, limit, counts):
                    file.write(json.dumps(item) + "\n")
                    counts["items"] += 1
        if not counts["items"]:
            reasons = ", ".join(f"{number} rows: {why}" for why, number in counts.items()) or "no benchmark"
            given = ", ".join(map(str, runs))
            raise InputError(f"The runs {given} share no row that can be shown ({reasons}).")
    return counts


def shown_words(text: str) -> str:
    """The words of an answer, without marks that only models of one family write."""
    return _MARKS.sub("", text).strip()


def _items(
    benchmark: Benchmark, runs: Mapping[Path, Run], folder: Path, limit: int | None, counts: Counter[str]
) -> list[dict[str, Any]]:
    headers = [header for header, _ in runs.values()]
    if len({header["data_sha256"] for header in headers}) > 1:
        counts[f"{benchmark.name} of other data"] += 1
        return []
    labels = _labels(runs)
    answers = [
        {one.index: one.prediction for one in records if one.prediction is not None and not one.problem}
        for _, records in runs.values()
    ]
    cases = {case.index: case for case in benchmark.cases(Path(headers[0]["data"]))}
    shared = sorted(set(cases).intersection(*answers))
    if limit is not None and limit < len(shared):
        shared = [shared[number * len(shared) // limit] for number in range(limit)]
    found = []
    for index in shared:
        predictions = dict(zip(labels, (given[index] for given in answers), strict=True))
        try:
            found.append(_item(benchmark, cases[index], predictions, folder))
        except InputError as reason:
            counts[str(reason)] += 1
    return found


def _labels(runs: Mapping[Path, Run]) -> list[str]:
    """What models are called; runs of one model are told apart by their folders."""
    labels = []
    for path, (header, _) in runs.items():
        model = header["model"]
        parts = [
            str(model["name"]),
            *(str(model[key]) for key in ("quantization", "reader") if model.get(key)),
        ]
        labels.append((" ".join(parts), str(path)))
    often = Counter(label for label, _ in labels)
    return [label if often[label] == 1 else f"{label} ({path})" for label, path in labels]


def _item(
    benchmark: Benchmark, case: Case, predictions: Mapping[str, Prediction], folder: Path
) -> dict[str, Any]:
    if benchmark.asks == "masks":
        raise InputError("masks are not shown")
    shown = case.read()
    name = f"media/{benchmark.name}-{case.index}"
    if isinstance(shown, np.ndarray):
        kind, media, scale = "image", f"{name}.jpg", (1.0, 1.0)
        Image.fromarray(shown).save(folder / media, quality=95)
    elif isinstance(shown, ShownVideo):
        kind, media = "video", f"{name}.mp4"
        width, height = _write_video(shown, folder / media)
        scale = width / shown.size[0], height / shown.size[1]
    else:
        raise InputError("several images, or none")
    words = benchmark.asks == "words" or any(COUNTED in one.extra for one in predictions.values())
    answers = {
        label: {
            "text": shown_words(one.text) if words else "",
            "points": [] if words else _points(one, shown, scale),
        }
        for label, one in predictions.items()
    }
    return {
        "id": f"{benchmark.name}/{case.index}",
        "question": case.prompt or case.query,
        kind: media,
        "answers": answers,
    }


def _write_video(shown: ShownVideo, path: Path) -> tuple[int, int]:
    """Writes what a model was shown as a video; returns (width, height) of its frames."""
    size = 0, 0
    with video_writer(path) as writer:
        for frame, seconds in read_frames(shown.source, fps=shown.fps, start=shown.start, end=shown.end):
            writer.write(frame, seconds)
            size = frame.shape[1], frame.shape[0]
    return size


def _points(one: Prediction, shown: Any, scale: tuple[float, float]) -> list[list[float]]:
    """[x, y] or [seconds, x, y] of each point, in pixels of what is shown."""
    if not isinstance(shown, ShownVideo):
        return one.xy.tolist()
    rows = [tuple(point[1:4]) for point in one.points]
    if not rows and one.extra.get(WRITTEN):
        try:
            rows = list(extract_timed_points(one.text, *shown.size))
        except ValueError:  # a time that is no number: the official reader ends there
            rows = []
    return [[seconds, x * scale[0], y * scale[1]] for seconds, x, y in rows]
