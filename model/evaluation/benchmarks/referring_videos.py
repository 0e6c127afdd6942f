"""MeViS, Ref-YT-VOS, Ref-DAVIS17 and ReasonVOS: tracks (F1, HOTA) and masks (J&F) of expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from model.evaluation import asking_videos
from model.evaluation.benchmark import Benchmark, Case, Prediction, Record, Row, Scores, cases_of
from model.evaluation.benchmarks.referring_sets import (
    MeViS,
    ReasonVos,
    RefDavis,
    ReferringSet,
    RefYoutubeVos,
    size_of,
)
from model.evaluation.benchmarks.video_track import (
    RULE,
    predicted_tracks,
    track_figures,
    track_prompt,
    track_scores,
    truth_text,
)
from model.evaluation.case_files import Table, find, how_to_get
from model.evaluation.metrics.video_tracks import TrackTruth
from model.evaluation.scored_masks import MASK_RULE, mask_figures, mask_scores
from model.evaluation.standins import write_parquet
from model.evaluation.video_sources import Deferred, VideoFiles
from model.evaluation.video_standins import FPS, SIZE, StandIn, clips, write_frames
from molmo_act.errors import InputError

# J&F, F1, HOTA of MeViS valid-u, Ref-YT-VOS, Ref-DAVIS17, ReasonVOS
PUBLISHED: dict[str, tuple[tuple[float, ...], ...]] = {
    "GPT-5": ((26.5, 17.3, 14.0), (30.9, 21.0, 18.4), (25.2, 17.0, 11.6), (24.7, 13.6, 10.7)),
    "Gemini 3 Pro": ((51.1, 42.3, 36.0), (55.0, 49.1, 45.5), (66.6, 60.8, 55.7), (52.6, 48.5, 42.1)),
    "Gemini 2.5 Pro": ((52.8, 41.2, 35.0), (45.1, 44.5, 40.5), (45.6, 62.7, 56.6), (44.0, 50.2, 42.4)),
    "Qwen3-VL-4B": ((30.6, 23.3, 18.7), (32.1, 29.0, 26.5), (44.4, 33.1, 26.9), (26.5, 17.0, 13.5)),
    "Qwen3-VL-8B": ((34.4, 30.1, 23.8), (48.3, 42.1, 37.6), (41.0, 41.6, 33.2), (24.9, 22.3, 17.5)),
    "VideoMolmo-7B": ((57.0, 59.4), (67.3, 73.7), (72.5, 75.4), (51.1, 50.3)),
    "Molmo2-4B": ((70.0, 75.5, 72.4), (70.2, 80.4, 78.8), (73.5, 83.1, 81.1), (61.9, 66.5, 64.0)),
    "Molmo2-8B": ((70.8, 75.9, 72.6), (70.2, 78.7, 77.3), (72.7, 81.3, 78.7), (65.8, 70.8, 68.6)),
    "Molmo2-O-7B": ((69.7, 76.1, 72.3), (67.9, 77.7, 76.1), (70.4, 79.2, 76.0), (62.6, 67.5, 65.1)),
    "MolmoPoint-8B": ((72.2, 77.0, 73.8), (70.5, 81.9, 80.5), (73.6, 84.1, 82.2), (64.7, 68.8, 67.0)),
}


class ReferringBenchmark(Benchmark):
    """What tracks and masks have in common: the rows.

    Attributes:
        data: The set.
    """

    data: ClassVar[type[ReferringSet]]

    @classmethod
    def describe(cls, suffix: str, of: str, protocol: str) -> None:
        """Fills in name, title, folder, download and protocol out of `data`."""
        data = cls.data
        cls.name, cls.title, cls.folder = f"{data.name}{suffix}", f"{data.title}{of}", data.folder
        cls.download = (f"hf download {data.rows} --repo-type dataset --local-dir {{home}}", data.media)
        cls.official_rows = data.official_rows
        cls.protocol = f"{protocol} {data.where[0].upper()}{data.where[1:]}."

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows; those that are sampled at another rate than one a second are of other tasks."""
        opened = self.data(home)
        if not opened.masks_there:
            raise InputError(
                f"{self.title} has no masks in {home}; expected {self.data.where}. {how_to_get(self, home)}"
            )
        found = find(self, home, f"**/{self.data.split}*.parquet", "**/*.parquet")
        rows = [row for row in Table(found).rows if row.get("sampling_fps") in (None, 1, 1.0)]
        videos = VideoFiles(home)
        return cases_of(rows, lambda index, row: self._case(index, row, opened, videos))

    def _case(self, index: int, row: Row, opened: ReferringSet, videos: VideoFiles) -> Case:
        words, fps = str(row["expression"]), float(row["fps"])
        if not fps >= 1:
            raise ValueError(f"fps {row['fps']}")
        masks = opened.masks(row)
        names = [str(row[key]) for key in ("video_path", "video") if row.get(key)]
        if row.get("source"):
            names.insert(0, f"{row['source']}/{row['video']}")
        rate = opened.frames_a_second or fps
        shown = videos.reader(names, size_of(row), rate, frames=row.get("n_frames"))
        return self.make(index, {**row, "masks": Deferred(lambda: masks)}, words, shown)

    def make(self, index: int, row: Row, words: str, shown: Any) -> Case:
        """Makes a case of a row that has its masks."""
        raise NotImplementedError

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Writes clips as folders of frames, with rows and masks as the set has them."""
        standins = clips(rng, count)
        for number, one in enumerate(standins):
            folder = f"LVVIS/clip{number}" if self.data is ReasonVos else f"clip{number}"
            write_frames(home / self.data.frames / folder, one)
        self.data.write_masks(home, standins)
        rows = [_standin_row(self.data, number, one) for number, one in enumerate(standins)]
        write_parquet(home / f"data/{self.data.split}-00000-of-00001.parquet", rows)


class ReferringTracks(ReferringBenchmark):
    """F1 and HOTA of tracked points."""

    headline = "f1"
    figures_shown = ("f1", "hota", "precision", "recall", "f1_by_object", "hota_by_object")
    asks = "tracks"

    def __init_subclass__(cls) -> None:
        """Takes over what the set says of itself."""
        cls.describe("", " (tracks)", f'{RULE} The prompt is this library\'s "Track …" at 1 fps.')
        cls.published = {
            model: dict(zip(("f1", "hota"), figures[cls.data.column][1:], strict=False))
            for model, figures in PUBLISHED.items()
        }

    def make(self, index: int, row: Row, words: str, shown: Any) -> Case:
        """Asks for tracks."""
        truth_of(row)
        return Case(index, row, track_prompt(words), words, shown)

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        """Tracks in one prompt."""
        return asking_videos.track(asker, cases, shown)

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """See `track_scores`."""
        fps = self.data.frames_a_second or float(case.row["fps"])
        return track_scores(predicted_tracks(prediction, size_of(case.row), fps), truth_of(case.row))

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Means over all expressions."""
        return track_figures(records)

    def truth(self, case: Case) -> Mapping[str, Any]:
        """How many objects are where."""
        return truth_text(truth_of(case.row).points)


class ReferringMasks(ReferringBenchmark):
    """J&F of masks of every frame, by `PointingModel.segment`."""

    headline = "j&f"
    figures_shown = ("j&f", "j", "f")
    asks = "masks"
    odd: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """Takes over what the set says of itself."""
        cls.describe("-masks", " (masks)", f"{MASK_RULE}{cls.odd}")
        cls.published = {model: {"j&f": figures[cls.data.column][0]} for model, figures in PUBLISHED.items()}

    def make(self, index: int, row: Row, words: str, shown: Any) -> Case:
        """Asks for masks."""
        return Case(index, row, words, words, shown)

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        """Segments."""
        return asking_videos.segment(asker, cases, shown)

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """See `mask_scores`."""
        return mask_scores(prediction, case.row["masks"].value, size_of(case.row))

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Means over expressions."""
        return mask_figures(records)

    def truth(self, case: Case) -> Mapping[str, Any]:
        """How many objects there are."""
        return {"text": f"{len(case.row['masks'].value)} objects"}


def truth_of(row: Row) -> TrackTruth:
    """The truth of a row; objects are numbered by their place in `mask_id`, where they are named by it."""
    listed = [str(name) for name in row["mask_id"]]
    points: dict[int, list[tuple[int, float, float]]] = {}
    for entry in row["frame_trajectories"] or ():
        for one in entry["points"] or ():
            if one["point"] is not None:
                number = listed.index(str(one["id"])) if str(one["id"]) in listed else int(one["id"])
                x, y = one["point"]
                points.setdefault(int(entry["frame"]), []).append((number, float(x), float(y)))
    return TrackTruth(points, row["masks"].value, list(range(len(listed))))


def _standin_row(data: type[ReferringSet], number: int, one: StandIn) -> dict[str, Any]:
    step = round(data.frames_a_second or FPS)
    objects = one.objects[:1] if data is RefYoutubeVos else one.objects
    trajectories = [
        {
            "frame": frame,
            "time": frame / step,
            "points": [
                {"id": str(place), "point": point, "occluded": False}
                for place, thing in enumerate(objects)
                if (point := one.point(thing, frame)) is not None
            ],
        }
        for frame in range(0, len(one.frames), step)
    ]
    return {
        "id": f"r{number}",
        "video": f"clip{number}",
        "source": "LVVIS" if data is ReasonVos else None,
        "expression": one.query,
        "fps": step,
        "sampling_fps": 1,
        "width": SIZE[0],
        "height": SIZE[1],
        "n_frames": len(one.frames),
        "task": "track",
        "qid": str(number),
        "obj_id": [str(thing) for thing in one.objects],
        "anno_id": [f"{number}0{thing}" for thing in one.objects],
        "mask_id": [f"{number}0{thing}" for thing in objects],
        "frame_trajectories": trajectories,
    }


class MeVisTracks(ReferringTracks):
    """MeViS, tracks."""

    data = MeViS


class MeVisMasks(ReferringMasks):
    """MeViS, masks."""

    data = MeViS


class RefYoutubeVosTracks(ReferringTracks):
    """Ref-YT-VOS, tracks."""

    data = RefYoutubeVos


class RefYoutubeVosMasks(ReferringMasks):
    """Ref-YT-VOS, masks."""

    data = RefYoutubeVos
    odd = " Official J&F is of a server."


class RefDavisTracks(ReferringTracks):
    """Ref-DAVIS17, tracks."""

    data = RefDavis


class RefDavisMasks(ReferringMasks):
    """Ref-DAVIS17, masks."""

    data = RefDavis
    odd = (
        " The official J&F matches predicted objects of a video to true ones anew, for each of four sets of "
        "expressions; here every expression is scored on its own object."
    )


class ReasonVosTracks(ReferringTracks):
    """ReasonVOS, tracks."""

    data = ReasonVos


class ReasonVosMasks(ReferringMasks):
    """ReasonVOS, masks."""

    data = ReasonVos
    odd = " The official program leaves a missing prediction out; here it counts as 0."


REFERRING = (
    MeVisTracks(),
    MeVisMasks(),
    RefYoutubeVosTracks(),
    RefYoutubeVosMasks(),
    RefDavisTracks(),
    RefDavisMasks(),
    ReasonVosTracks(),
    ReasonVosMasks(),
)
