"""Molmo2-VideoTrack: points that follow what an expression names, one frame a second."""

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
from model.evaluation.metrics.video_tracks import (
    PredictedTracks,
    TrackTruth,
    first_of_each_id,
    score_tracks,
)
from model.evaluation.official.point_text import extract_tracks
from model.evaluation.standins import write_parquet
from model.evaluation.video_sources import Deferred, RunLengthMasks, VideoFiles
from model.evaluation.video_standins import FPS, SIZE, StandIn, clips, write_video

RATES = ("f1", "precision", "recall", "hota", "det_a", "ass_a")
PARTS = {
    "APTv2": "animals",
    "personpath22": "person",
    "sportsmot": "sports",
    "dancetrack": "dancers",
    "sav": "misc",
}
_PUBLISHED = {  # F1 and HOTA of each part, then of all
    "Gemini 3 Pro": (62.3, 60.0, 30.7, 29.2, 10.3, 8.8, 44.3, 37.8, 18.3, 14.4, 32.2, 29.1),
    "Qwen3-VL-8B": (52.3, 50.2, 20.3, 18.9, 1.7, 1.4, 19.0, 16.7, 6.2, 4.2, 18.0, 16.5),
    "Molmo2-4B": (83.0, 83.7, 48.3, 47.7, 53.1, 54.3, 64.4, 64.4, 35.1, 31.3, 57.5, 57.6),
    "Molmo2-8B": (82.0, 83.0, 47.9, 48.0, 53.3, 54.8, 63.9, 63.5, 31.5, 29.7, 57.1, 57.5),
    "Molmo2-O-7B": (81.9, 82.8, 45.5, 45.4, 47.6, 48.6, 61.0, 60.3, 37.6, 34.7, 54.2, 54.2),
    "MolmoPoint-8B": (84.4, 85.8, 51.2, 50.9, 56.9, 57.7, 65.6, 64.2, 45.7, 43.1, 60.2, 60.0),
}
PUBLISHED = {
    model: {
        **dict(zip(PARTS.values(), v[:-2:2], strict=True)),
        **{f"{part} HOTA": value for part, value in zip(PARTS.values(), v[1:-2:2], strict=True)},
        "f1": v[-2],
        "hota": v[-1],
    }
    for model, v in _PUBLISHED.items()
}
RULE = (
    "Molmo2's rule: the frame is the time times the frame rate, rounded half to even; frames with "
    "truth or prediction count, one without truth as 0; HOTA is that of alpha 0.5, video by video. "
    "Masks are looked up by their place in the list, as the official program does, which tests points "
    'against masks of other objects wherever an object is missing on a frame; "by object" is with the '
    "right masks."
)


def predicted_tracks(prediction: Prediction, size: tuple[int, int], fps: float) -> PredictedTracks:
    """What an answer says, by frames of the truth.

    Args:
        prediction: The answer; read from its text by the official reader, or rows (id, seconds, x, y).
        size: (width, height) in pixels.
        fps: Frames per second of the truth.

    Raises:
        ValueError: A time in the text is no number; the official program ends there.
    """
    if prediction.extra.get(asking_videos.WRITTEN):
        read = extract_tracks(prediction.text, *size, fps)
        return first_of_each_id((one.frame, list(one.points.items())) for one in read)
    times: dict[float, list[tuple[str, tuple[float, float]]]] = {}
    for number, seconds, x, y in prediction.points:
        times.setdefault(seconds, []).append((str(int(number)), (x, y)))
    return first_of_each_id((round(seconds * fps), times[seconds]) for seconds in sorted(times))


def track_scores(predicted: PredictedTracks, truth: TrackTruth) -> Scores:
    """Scores one video by the official masks, and F1 and HOTA by those of the objects."""
    official = score_tracks(predicted, truth)
    meant = score_tracks(predicted, truth, by_object=True)
    rates = {name: getattr(official, name) for name in RATES}
    return {**rates, "f1_by_object": meant.f1, "hota_by_object": meant.hota}


def track_figures(records: Sequence[Record]) -> dict[str, float]:
    """Means over all videos."""
    return {name: mean_of(records, name) for name in (*RATES, "f1_by_object", "hota_by_object")}


class VideoTrack(Benchmark):
    """Molmo2-VideoTrack."""

    name = "molmo2-video-track"
    title = "Molmo2-VideoTrack"
    folder = "Molmo2-VideoTrackEval"
    download = ("hf download allenai/Molmo2-VideoTrackEval --repo-type dataset --local-dir {home}",)
    headline = "f1"
    figures_shown = (
        *("f1", "hota", *PARTS.values(), *(f"{part} HOTA" for part in PARTS.values())),
        *("f1_by_object", "hota_by_object"),
    )
    published = PUBLISHED
    asks = "tracks"
    protocol = (
        f'{RULE} The prompt is this library\'s "Track …" at 1 fps; the official one is drawn from ten. '
        "Videos are not in the download: put <clip>.mp4 into videos/<video_dataset>/."
    )

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows; the video is `videos/<video_dataset>/<clip>.mp4`."""
        videos = VideoFiles(home)
        table = Table(find(self, home, "**/test*.parquet", "**/*.parquet"), ("masks",))
        return cases_of(table.rows, lambda index, row: self._case(index, row, videos, table))

    def _case(self, index: int, row: Row, videos: VideoFiles, table: Table) -> Case:
        words, fps = str(row["exp"]), float(row["fps"])
        size = int(row["w"]), int(row["h"])
        if not fps >= 1 or min(size) < 1:
            raise ValueError(f"fps {row['fps']}, size {size}")
        points_of(row)
        row = {**row, "masks": Deferred(lambda: table.column(index, "masks"))}
        clip, source = str(row["clip"]), str(row["video_dataset"])
        names = (f"{source}/{clip}", clip, f"{source}/{row['video']}", str(row["video"]))
        groups = {"part": PARTS.get(source, source)}
        return Case(index, row, track_prompt(words), words, videos.reader(names, size, fps), groups)

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        """Tracks in one prompt."""
        return asking_videos.track(asker, cases, shown)

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """See `track_scores`."""
        row = case.row
        predicted = predicted_tracks(prediction, (int(row["w"]), int(row["h"])), float(row["fps"]))
        return track_scores(predicted, truth_of(row))

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Overall, and F1 and HOTA of every part."""
        found = track_figures(records) | means_by(records, "f1", "part")
        return found | {f"{part} HOTA": value for part, value in means_by(records, "hota", "part").items()}

    def truth(self, case: Case) -> Mapping[str, Any]:
        """How many objects are where."""
        return truth_text(points_of(case.row))

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Writes clips at 4 frames a second with dense points and masks."""
        rows = []
        sources = list(PARTS)
        for number, standin in enumerate(clips(rng, count, absent=True)):
            source = sources[number % len(sources)]
            write_video(home / f"videos/{source}/clip{number}.mp4", standin)
            rows.append(_standin_row(number, source, standin))
        write_parquet(home / "data/test-00000-of-00001.parquet", rows)


def track_prompt(words: str) -> str:
    """What is asked about an expression."""
    return f"Track {words} at 1 fps"


def truth_text(points: Mapping[int, Sequence[object]]) -> dict[str, str]:
    """How many objects are on which frames, in words."""
    lines = [f"frame {frame}: {len(at)}" for frame, at in sorted(points.items())]
    return {"text": "; ".join(lines) or "nothing"}


def truth_of(row: Row) -> TrackTruth:
    """The truth of a row, with its masks.

    Raises:
        ValueError: An object is not in `mask_id`.
    """
    listed = [str(name) for name in row["mask_id"]]
    size, stored = (int(row["w"]), int(row["h"])), row["masks"].value
    masks = [RunLengthMasks(dict(enumerate(one["masks"])), size) for one in stored]
    return TrackTruth(points_of(row), masks, [listed.index(str(one["object_id"])) for one in stored])


def points_of(row: Row) -> dict[int, list[tuple[int, float, float]]]:
    """The points of a row at one frame a second; objects are numbered by their place in `mask_id`.

    Raises:
        ValueError: An object is not in `mask_id`.
    """
    listed = [str(name) for name in row["mask_id"]]
    step = max(1, int(row["fps"] // 1))
    points: dict[int, list[tuple[int, float, float]]] = {}
    for one in row["points"]:
        number = listed.index(str(one["object_id"]))
        for frame, place in enumerate(one["points"]):
            if place is not None and frame % step == 0:
                points.setdefault(frame, []).append((number, float(place[0]), float(place[1])))
    return points


def _standin_row(number: int, source: str, standin: StandIn) -> dict[str, Any]:
    frames = range(len(standin.frames))
    names = [str(10 + 7 * thing) for thing in standin.objects]
    return {
        "id": f"q{number}",
        "video": f"clip{number}",
        "clip": f"clip{number}",
        "fps": FPS,
        "video_dataset": source,
        "start_frame": 0,
        "end_frame": len(standin.frames) - 1,
        "exp": standin.query,
        "w": SIZE[0],
        "h": SIZE[1],
        "mask_id": names,
        "points": [
            {"object_id": name, "points": [standin.point(thing, frame) for frame in frames]}
            for name, thing in zip(names, standin.objects, strict=True)
        ],
        "masks": [
            {"object_id": name, "masks": [standin.run(thing, frame) for frame in frames]}
            for name, thing in zip(names, standin.objects, strict=True)
        ],
    }
