"""Counting in videos: Molmo2-VideoCount, and BURST-VideoCount made of BURST's annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.evaluation import asking_videos
from model.evaluation.benchmark import Benchmark, Case, Prediction, Record, Row, Scores, cases_of
from model.evaluation.case_files import Table, find, read_json
from model.evaluation.metrics.video_counts import CountScore, read_count, summarise_counts
from model.evaluation.standins import write_parquet
from model.evaluation.video_sources import VideoFiles
from model.evaluation.video_standins import FPS, SIZE, StandIn, clips, write_frames, write_video
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file

PUBLISHED = {  # BURST-VC accuracy and close, Molmo2-VC accuracy and close
    "GPT-5": (43.1, 73.7, 35.8, 50.3),
    "GPT-5 mini": (46.0, 73.0, 29.8, 49.3),
    "Gemini 3 Pro": (44.0, 71.7, 37.1, 53.1),
    "Gemini 2.5 Pro": (41.6, 70.0, 35.8, 56.5),
    "Gemini 2.5 Flash": (38.7, 70.0, 31.9, 48.2),
    "Claude Sonnet 4.5": (42.4, 72.6, 27.2, 45.1),
    "Qwen3-VL-4B": (38.9, 74.7, 25.3, 44.3),
    "Qwen3-VL-8B": (42.0, 74.4, 29.6, 47.7),
    "Molmo2-4B": (61.5, 76.1, 34.3, 56.1),
    "Molmo2-8B": (60.8, 75.0, 35.5, 53.3),
    "Molmo2-O-7B": (61.6, 76.0, 33.2, 50.5),
    "MolmoPoint-8B": (61.6, 76.9, 35.6, 54.6),
    "MolmoPoint-Vid-8B": (62.0, 76.3, 36.0, 58.7),
}
BURST = {model: {"correct": v[0], "close": v[1]} for model, v in PUBLISHED.items()}
MOLMO2 = {model: {"correct": v[2], "close": v[3]} for model, v in PUBLISHED.items()}
_RULE = (
    "Molmo2's rule: the number is that in the words of the answer; points are not counted, and words "
    'such as "none" are no number. Close: off by no more than 1 + a twentieth of the count. MAE is '
    "over answers with a number; overcount is more than 5 and more than twice the count (the published "
    "bound is not known in text). A model that was taught to point only is asked to point, and its "
    "objects are counted."
)
_UNKNOWN = -1  # a count below all bins, of a row that does not say it


class VideoCount(Benchmark):
    """What both sets have in common; rows have `question`, `label`, `count` and perhaps `category`."""

    headline = "correct"
    numbers = ("MAE",)
    figures_shown = ("correct", "close", "MAE", "overcount", "valid", "per_category_average")

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        """Asks how many there are."""
        return asking_videos.count(asker, cases, shown)

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """The count that was read, beside the true one."""
        return {"wanted": int(case.row["count"]), "predicted": read_count(prediction.text)}

    def missed(self, case: Case) -> Scores:
        """No count was read."""
        try:
            return {"wanted": int(case.row["count"]), "predicted": None}
        except (LookupError, TypeError, ValueError):
            return {"wanted": _UNKNOWN, "predicted": None}

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """See `summarise_counts`."""
        scores = [
            CountScore(
                int(record.scores.get("wanted", _UNKNOWN)),
                record.scores.get("predicted"),
                record.groups.get("category", ""),
            )
            for record in records
        ]
        return summarise_counts(scores)

    def truth(self, case: Case) -> Mapping[str, Any]:
        """The count."""
        return {"text": str(case.row["count"])}


class Molmo2VideoCount(VideoCount):
    """Molmo2-VideoCount: a question about a part of a video."""

    name = "molmo2-video-count"
    title = "Molmo2-VideoCount"
    folder = "Molmo2-VideoCountEval"
    download = ("hf download allenai/Molmo2-VideoCountEval --repo-type dataset --local-dir {home}",)
    published = MOLMO2
    protocol = (
        f"{_RULE} The video is cut to clip_start and clip_end. Videos are not in the download: put "
        "<video_id>.mp4 into videos/."
    )

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows; the video is `videos/<video_id>.mp4`."""
        videos = VideoFiles(home)
        rows = Table(find(self, home, "**/val*.parquet", "**/*.parquet")).rows

        def make(index: int, row: Row) -> Case:
            name = str(row["video_id"])
            span = float(row["clip_start"] or 0.0), float(row["clip_end"] or 0.0) or None
            if _count(row) < 0 or (span[1] is not None and span[1] <= span[0]):
                raise ValueError(f"count {row['count']}, clip {span}")
            return Case(
                index,
                row,
                str(row["question"]),
                str(row["label"]),
                videos.reader((name, name.rsplit("/", 1)[-1]), (1, 1), 2.0, span),
                {"category": str(row["category"])},
            )

        return cases_of(rows, make)

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Writes clips, each with a question about a part of it."""
        rows = []
        for number, standin in enumerate(clips(rng, count, absent=True)):
            write_video(home / f"videos/clip{number}.mp4", standin)
            rows.append(
                {
                    "video_id": f"clip{number}",
                    "video_source": "generated",
                    "clip_start": 0.5,
                    "clip_end": 2.5,
                    "category": ("object", "animal", "action/event")[number % 3],
                    "label": standin.query,
                    "question": f"How many of {standin.query} are there?",
                    "count": _seen(standin),
                    "video_duration": standin.frames[-1].timestamp,
                }
            )
        write_parquet(home / "data/val-00000-of-00001.parquet", rows)


class BurstVideoCount(VideoCount):
    """BURST-VideoCount: how many objects of a category a sequence of BURST's test set has."""

    name = "burst-video-count"
    title = "BURST-VideoCount"
    folder = "BURST"
    download = ("git clone https://github.com/Ali2500/BURST-benchmark {home}  # it says where the data are",)
    published = BURST
    protocol = (
        f"{_RULE} The papers' list of questions is not released: rows are made here of BURST's own "
        "annotations (test/all_classes.json), one for each category that a sequence has, so published "
        "figures are of other rows. Frames lie in frames/<dataset>/<sequence>/; those that are "
        "annotated are shown, one a second."
    )

    def cases(self, home: Path) -> list[Case]:
        """Makes a row of every category of every sequence."""
        [path, *_] = find(self, home, "test/all_classes.json", "**/test/all_classes.json", "all_classes.json")
        said = read_json(path)
        if not isinstance(said, Mapping) or not isinstance(said.get("sequences"), list):
            raise InputError(f"{path} holds no list of sequences. Download it again.")
        try:
            names = {one["id"]: str(one["name"]).replace("_", " ") for one in said["categories"]}
        except (KeyError, TypeError, AttributeError) as exc:
            raise InputError(
                f"{path} names no categories ({type(exc).__name__}). Download it again."
            ) from exc
        rows: list[Row] = [row for one in said["sequences"] for row in _burst_rows(one, names)]
        places = [VideoFiles(home / place) for place in (f"frames/{path.parent.name}", "frames", ".")]
        return cases_of(rows, lambda index, row: self._case(index, row, places))

    def _case(self, index: int, row: Row, places: Sequence[VideoFiles]) -> Case:
        sequence, label = row["sequence"], str(row["label"])
        name = f"{sequence['dataset']}/{sequence['seq_name']}"
        size = int(sequence["width"]), int(sequence["height"])

        def read() -> Any:
            *first, last = places
            for videos in first:
                try:
                    return videos.reader((name,), size, 1.0)()
                except InputError:
                    continue
            return last.reader((name,), size, 1.0)()

        kept = {"label": label, "count": int(row["count"]), "video": name}
        return Case(index, kept, f'How many "{label}" are there in the video?', label, read)

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Writes sequences with the objects of one query each."""
        sequences: list[dict[str, Any]] = []
        queries: list[str] = []
        for number, standin in enumerate(clips(rng, count)):
            write_frames(home / f"frames/test/YFCC100M/clip{number}", standin)
            queries.append(standin.query)
            sequences.append(
                {
                    "id": number,
                    "seq_name": f"clip{number}",
                    "dataset": "YFCC100M",
                    "width": SIZE[0],
                    "height": SIZE[1],
                    "fps": FPS,
                    "track_category_ids": {str(track): number for track in standin.objects},
                    "segmentations": [],
                }
            )
        categories = [{"id": number, "name": query} for number, query in enumerate(queries)]
        (home / "test").mkdir()
        with atomic_file(home / "test/all_classes.json") as path:
            import json

            path.write_text(
                json.dumps({"sequences": sequences, "categories": categories, "split": "test"}),
                encoding="utf-8",
            )


def _burst_rows(sequence: Any, names: Mapping[Any, str]) -> list[Row]:
    """A row for each category of a sequence; one without any for a sequence that cannot be read."""
    try:
        counts = Counter(sequence["track_category_ids"].values())
        return [
            {"sequence": sequence, "label": names[category], "count": number}
            for category, number in sorted(counts.items())
        ]
    except (KeyError, TypeError, AttributeError):
        return [{"sequence": sequence}]


def _count(row: Row) -> int:
    count = row["count"]
    if isinstance(count, bool) or int(count) != count:
        raise ValueError(f"count {count}")
    return int(count)


def _seen(standin: StandIn) -> int:
    """How many of the objects are seen on any frame."""
    return sum(
        any(standin.mask(thing, frame) is not None for frame in range(len(standin.frames)))
        for thing in standin.objects
    )


VIDEO_COUNTS = (Molmo2VideoCount(), BurstVideoCount())
