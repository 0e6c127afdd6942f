"""Molmo2-VideoPoint: a point on each object that a label names, at a time at which it is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.evaluation import asking_videos
from model.evaluation.benchmark import (
    Benchmark,
    Case,
    Prediction,
    Record,
    Row,
    Scores,
    cases_of,
    mean_of,
    means_by,
)
from model.evaluation.case_files import Table, find
from model.evaluation.metrics.video_points import score_video_points
from model.evaluation.official.point_text import extract_timed_points
from model.evaluation.standins import write_parquet
from model.evaluation.video_sources import Deferred, RunLengthMasks, VideoFiles
from model.evaluation.video_standins import SIZE, StandIn, clips, write_video

FRAMES_A_SECOND = 2
"""Masks are of frames two a second; their times are compared exactly."""

_PUBLISHED = {  # F1, recall, precision
    "GPT-5": (4.1, 4.4, 4.2),
    "GPT-5 mini": (2.2, 2.2, 2.2),
    "Gemini 3 Pro": (20.0, 27.4, 19.8),
    "Gemini 2.5 Pro": (13.0, 14.5, 13.6),
    "Gemini 2.5 Flash": (11.1, 11.2, 12.2),
    "Claude Sonnet 4.5": (3.5, 3.7, 4.3),
    "Qwen3-VL-8B": (1.5, 1.5, 1.5),
    "Molmo2-4B": (39.9, 42.7, 39.4),
    "Molmo2-8B": (38.4, 39.3, 38.7),
    "Molmo2-O-7B": (35.8, 35.8, 37.9),
    "MolmoPoint-8B": (36.2, 35.7, 37.8),
    "MolmoPoint-Vid-8B": (38.8, 39.8, 38.8),
}
PUBLISHED = {
    model: dict(zip(("f1", "recall", "precision"), values, strict=True))
    for model, values in _PUBLISHED.items()
}


class VideoPoint(Benchmark):
    """Molmo2-VideoPoint."""

    name = "molmo2-video-point"
    title = "Molmo2-VideoPoint"
    folder = "Molmo2-VideoPointEval"
    download = ("hf download allenai/Molmo2-VideoPointEval --repo-type dataset --local-dir {home}",)
    headline = "f1"
    figures_shown = ("f1", "recall", "precision", "valid")
    published = PUBLISHED
    protocol = (
        "Molmo2's rule: time, x and y in per cent of the whole, rounded to one decimal, are matched by "
        "least total distance; a point hits where its time is exactly one of a mask of the matched "
        "object (there is no nearest frame) and its pixel, rounded half to even, lies on it. Videos "
        "are not in the download: put <video_id>.mp4 into videos/."
    )

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows; the video is `videos/<video_id>.mp4`."""
        videos = VideoFiles(home)
        table = Table(find(self, home, "**/val*.parquet", "**/*.parquet"), ("masks",))
        return cases_of(table.rows, lambda index, row: self._case(index, row, videos, table))

    def _case(self, index: int, row: Row, videos: VideoFiles, table: Table) -> Case:
        label, name = str(row["label"]), str(row["video_id"])
        size = int(row["width"]), int(row["height"])
        truth_of(row)
        if not float(row["video_duration"]) > 0 or min(size) < 1:
            raise ValueError(f"duration {row['video_duration']}, size {size}")
        short = name.rsplit("/", 1)[-1]
        return Case(
            index,
            {**row, "masks": Deferred(lambda: table.column(index, "masks"))},
            f'How many "{label}" are there in the video?',
            label,
            videos.reader((f"{short}_2fps.mp4", short, name), size, FRAMES_A_SECOND),
            {"source": str(row["video_source"])},
        )

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        """Points at times."""
        return asking_videos.point(asker, cases, shown)

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """Precision, recall and F1 of one video; `valid` where there is a point at all."""
        row = case.row
        size = int(row["width"]), int(row["height"])
        if prediction.extra.get(asking_videos.WRITTEN):
            predicted = np.array(extract_timed_points(prediction.text, *size), float).reshape(-1, 3)
        else:
            predicted = np.array([point[1:4] for point in prediction.points], float).reshape(-1, 3)
        masks = [
            RunLengthMasks({run["frame_id"] / FRAMES_A_SECOND: run["rle"] for run in runs}, size)
            for runs in row["masks"].value
        ]
        found = score_video_points(predicted, truth_of(row), masks, float(row["video_duration"]), size)
        if len(masks) != len(row["points"]):
            raise ValueError(f"{len(masks)} masks of {len(row['points'])} objects")
        return {
            "precision": found.precision,
            "recall": found.recall,
            "f1": found.f1,
            "valid": float(len(predicted) > 0),
        }

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Means over all rows, and F1 by where videos come from."""
        rates = {name: mean_of(records, name) for name in ("f1", "recall", "precision", "valid")}
        return rates | means_by(records, "f1", "source")

    def truth(self, case: Case) -> Mapping[str, Any]:
        """Where the objects are."""
        lines = [f"{seconds:g} s: ({x:g}, {y:g})" for seconds, x, y in truth_of(case.row)]
        return {"text": "; ".join(lines) or "nothing"}

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Writes clips at 4 frames a second; masks are of every second frame."""
        rows = []
        for number, standin in enumerate(clips(rng, count, absent=True)):
            write_video(home / f"videos/clip{number}.mp4", standin)
            rows.append(_standin_row(number, standin))
        write_parquet(home / "data/val-00000-of-00001.parquet", rows)


def truth_of(row: Row) -> np.ndarray:
    """(M, 3), seconds and pixels of a point of each object.

    Raises:
        ValueError: The lists of a row have different lengths.
    """
    pairs = zip(row["two_fps_timestamps"], row["points"], strict=True)
    points = [(float(seconds), float(point["x"]), float(point["y"])) for seconds, point in pairs]
    return np.array(points, float).reshape(-1, 3)


def _standin_row(number: int, standin: StandIn) -> dict[str, Any]:
    shown = range(0, len(standin.frames), 2)
    times, points, masks = [], [], []
    for thing in standin.objects:
        seen = [frame for frame in shown if standin.mask(thing, frame) is not None]
        if seen:
            x, y = standin.point(thing, seen[0]) or (0.0, 0.0)
            times.append(seen[0] / 4)
            points.append({"x": x, "y": y})
            masks.append([{"frame_id": frame // 2, "rle": standin.run(thing, frame)} for frame in seen])
    return {
        "video_id": f"clip{number}",
        "video_source": ("youtube", "MammalNet", "generated")[number % 3],
        "label": standin.query,
        "height": SIZE[1],
        "width": SIZE[0],
        "video_duration": standin.frames[-1].timestamp,
        "two_fps_timestamps": times,
        "points": points,
        "masks": masks,
    }
