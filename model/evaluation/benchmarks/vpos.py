"""VPoS-Bench: masks of what expressions name, in five domains."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.errors import SkippedRow
from model.evaluation import asking_videos
from model.evaluation.benchmark import Benchmark, Case, Prediction, Record, Row, Scores, cases_of, mean, of
from model.evaluation.benchmarks.referring_sets import write_images
from model.evaluation.case_files import find, read_json
from model.evaluation.scored_masks import MASK_RULE, mask_scores
from model.evaluation.video_sources import Deferred, ImageMasks, ObjectMasks, RunLengthMasks, VideoFiles
from model.evaluation.video_standins import clips, write_frames
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file

DOMAINS = ("egocentric", "robotics", "driving", "cells", "video-gui")
_PUBLISHED = {  # J&F of each domain
    "VideoLISA": (44.2, 2.9, 28.4, 11.1, 52.4),
    "VideoGLaMM": (43.8, 12.8, 24.8, 9.8, 45.6),
    "Molmo + SAM 2": (50.4, 26.7, 48.5, 14.2, 58.0),
    "VideoMolmo-7B": (54.9, 27.6, 57.4, 19.2, 65.7),
}
PUBLISHED = {model: dict(zip(DOMAINS, values, strict=True)) for model, values in _PUBLISHED.items()}
_FPS = 6.0  # of folders of frames; only the model's own times depend on it


class VPoS(Benchmark):
    """VPoS-Bench by domain."""

    name = "vpos"
    title = "VPoS-Bench"
    folder = "VPoS"
    download = ("hf download ghazishazan/VPoS --repo-type dataset --local-dir {home}",)
    headline = "j&f"
    figures_shown = ("j&f", *DOMAINS)
    published = PUBLISHED
    asks = "masks"
    protocol = (
        f"{MASK_RULE} A domain is the mean over its videos; the first figure is that over all videos. "
        "The layout of the download is not documented; expected is, for each domain, a folder with "
        "meta_expressions.json, JPEGImages/<video>/, and mask_dict.json or Annotations/<video>/, as "
        "MeViS and Ref-DAVIS have it. Which rule the authors have for empty frames is not known."
    )

    def cases(self, home: Path) -> list[Case]:
        """A row for each expression of each domain."""
        rows: list[Row] = []
        for path in find(self, home, "*/meta_expressions.json", "*/*/meta_expressions.json"):
            said = read_json(path)
            if not isinstance(said, Mapping) or not isinstance(said.get("videos"), Mapping):
                raise InputError(f"{path} holds no videos. Download it again.")
            runs = path.parent / "mask_dict.json"
            masks = read_json(runs) if runs.is_file() else None
            domain = path.relative_to(home).parts[0]
            rows += [
                row
                for name, video in said["videos"].items()
                for row in _rows(path, domain, name, video, masks)
            ]
        return cases_of(rows, self._case)

    def _case(self, index: int, row: Row) -> Case:
        home: Path = row["home"]
        video, said, frames = str(row["video"]), row["expression"], len(row["frames"])
        words = str(said["exp"])
        if not frames:
            raise ValueError("no frames")
        masks = _masks(home, video, said, frames, row["masks"])
        kept = {
            "video": video,
            "expression": words,
            "domain": row["domain"],
            "masks": Deferred(lambda: masks),
        }
        shown = VideoFiles(home).reader((video,), (1, 1), _FPS, frames=frames)
        groups = {"domain": str(row["domain"]), "video": f"{row['domain']}/{video}"}
        return Case(index, kept, words, words, shown, groups)

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        """Segments."""
        return asking_videos.segment(asker, cases, shown)

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """See `mask_scores`."""
        size = tuple(prediction.extra.get("size", (1, 1)))
        return mask_scores(prediction, case.row["masks"].value, size)

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """J&F over videos: of all, and of each domain; an expression that cannot be read counts as 0."""
        videos: dict[tuple[str, str], list[float]] = {}
        for number, record in enumerate(records):
            domain = record.groups.get("domain", "unknown")
            videos.setdefault((domain, record.groups.get("video", str(number))), []).append(of(record, "j&f"))
        means = {key: mean(values) for key, values in videos.items()}
        found = {"j&f": mean(list(means.values()))}
        for domain in sorted({domain for domain, _ in means}):
            found[domain] = mean([value for (name, _), value in means.items() if name == domain])
        return found

    def truth(self, case: Case) -> Mapping[str, Any]:
        """How many objects there are."""
        return {"text": f"{len(case.row['masks'].value)} objects"}

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Writes videos of each domain, one with run lengths and the others with images."""
        for place, domain in enumerate(DOMAINS):
            standins = clips(rng, count // len(DOMAINS))
            videos: dict[str, Any] = {}
            runs: dict[str, Any] = {}
            for number, one in enumerate(standins):
                name = f"clip{number}"
                frames = [f"{frame:05}" for frame in range(len(one.frames))]
                write_frames(home / domain / "JPEGImages" / name, one)
                said = {"exp": one.query, "obj_id": list(one.objects), "anno_id": []}
                if place:
                    write_images(home / domain / "Annotations" / name, one, None)
                else:
                    said["anno_id"] = [number * 10 + thing for thing in one.objects]
                    runs |= {
                        str(number * 10 + thing): [one.run(thing, frame) for frame in range(len(frames))]
                        for thing in one.objects
                    }
                videos[name] = {"frames": frames, "expressions": {"0": said}}
            _write_json(home / domain / "meta_expressions.json", {"videos": videos})
            if runs:
                _write_json(home / domain / "mask_dict.json", runs)


def _rows(path: Path, domain: str, name: str, video: Any, masks: Any) -> list[Row]:
    """A row for each expression; a single one, to be counted as damaged, of a video without any."""
    common = {"home": path.parent, "domain": domain, "video": name, "masks": masks}
    if not isinstance(video, Mapping) or not isinstance(video.get("expressions"), Mapping):
        return [common]
    return [
        {**common, "frames": video.get("frames", ()), "expression": said}
        for said in video["expressions"].values()
    ]


def _masks(home: Path, video: str, said: Mapping[str, Any], frames: int, runs: Any) -> list[ObjectMasks]:
    numbers = said["anno_id"] if runs is not None else said["obj_id"]
    listed = numbers if isinstance(numbers, list) else [numbers]
    if runs is not None:
        return [RunLengthMasks(dict(enumerate(runs[str(number)])), (1, 1)) for number in listed]
    folder = home / "Annotations" / video
    if not folder.resolve().is_relative_to(home.resolve()):
        raise SkippedRow("masks lie outside of the folder of the set")
    return [ImageMasks(folder, frames, int(number)) for number in listed]


def _write_json(path: Path, value: Any) -> None:
    with atomic_file(path) as beside:
        beside.write_text(json.dumps(value), encoding="utf-8")
