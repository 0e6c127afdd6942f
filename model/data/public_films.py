"""The public video sets, in their own schemas: pointing at moments, and tracks; knows rows, no tokens.

Which columns a set has is written at the function that reads its rows. Videos lie in `videos/` of a set's
folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.data.sample import Film, FilmQuery, Sighting
from model.data.skipping import SkippedRow
from molmo_act.errors import InputError
from molmo_act.modeling.frame_sampling import sample_times
from molmo_act.modeling.video_file import FramesAt, video_duration
from molmo_act.modeling.video_sampling import SampledVideo

FPS = 2.0
"""Most frames a second that models are shown."""
NEAR = 0.25 + 1e-6
"""Seconds that the annotated moment may be from the frame that is shown for it."""


@dataclass(frozen=True)
class VideoFolder:
    """Videos of a data set, and how much of one is shown.

    Attributes:
        folder: Holds the files.
        frames: Most frames of one film.
    """

    folder: Path
    frames: int

    def path(self, name: str) -> Path:
        """The file of a video, whose name in the data may lack its ending.

        Raises:
            SkippedRow: There is none.
        """
        for path in (self.folder / name, self.folder / f"{name}.mp4"):
            if path.is_file():
                return path
        raise SkippedRow("video is missing")

    def evenly(self, name: str) -> SampledVideo:
        """A whole video in evenly spaced frames, as it is shown at inference.

        Raises:
            SkippedRow: It is missing or damaged.
        """
        path = self.path(name)
        try:
            times = sample_times(video_duration(path), num_frames=self.frames, max_fps=FPS)
        except InputError as exc:
            raise SkippedRow("video cannot be read") from exc
        return _decoded(path, times)

    def at(self, name: str, times: Sequence[float]) -> SampledVideo:
        """The frames of a video at given moments.

        Raises:
            SkippedRow: It is missing or damaged.
        """
        return _decoded(self.path(name), np.asarray(times))


def _decoded(path: Path, times: np.ndarray) -> SampledVideo:
    moments = tuple(times.tolist())
    try:
        frames = np.stack(list(FramesAt(path, moments)))
    except (InputError, ValueError) as exc:
        raise SkippedRow("video cannot be read") from exc
    return SampledVideo(frames, moments, (frames.shape[2], frames.shape[1]))


def video_points(row: Mapping[str, Any], videos: VideoFolder, rng: np.random.Generator) -> Film:
    """`video_id`, `label`, `count`, `two_fps_timestamps` [seconds], `points` [[{x, y} per cent]].

    There is one list of points for each moment.
    """
    video = videos.evenly(row["video_id"])
    times = np.array(video.timestamps)
    seen: list[tuple[int, float, float]] = []
    for seconds, points in zip(row["two_fps_timestamps"], row["points"], strict=True):
        frame = int(np.abs(times - seconds).argmin())
        if abs(times[frame] - seconds) > NEAR:
            raise SkippedRow("an annotated moment is not among the frames shown")
        seen += [(frame, p["x"] / 100, p["y"] / 100) for p in points]
    sightings = tuple(_sighting(frame, number, x, y, video) for number, (frame, x, y) in enumerate(seen, 1))
    return Film(video, (FilmQuery(row["label"], row["label"], sightings, "pointing"),))


def video_tracks(row: Mapping[str, Any], videos: VideoFolder, rng: np.random.Generator) -> Film:
    """`video`, `expression` (or `exp`), `width`, `height`, `frame_trajectories`.

    The last is [{frame, time, points: [{id, point: [x, y] pixels of width and height, occluded}]}]. Frames
    are thinned out to what models are shown; hidden things are not pointed at.
    """
    told = sorted(row["frame_trajectories"] or [], key=lambda entry: entry["time"])
    entries = list(_thinned(told))[: videos.frames]
    if not entries:
        raise SkippedRow("nothing to ask")
    video = videos.at(row["video"], [entry["time"] for entry in entries])
    numbers: dict[Any, int] = {}
    sightings = []
    for frame, entry in enumerate(entries):
        for place in entry["points"]:
            if place.get("occluded"):
                continue
            number = numbers.setdefault(place["id"], len(numbers) + 1)
            x, y = place["point"]
            sightings.append(_sighting(frame, number, x / row["width"], y / row["height"], video))
    text = row.get("expression") or row["exp"]
    return Film(video, (FilmQuery(text, text, tuple(sightings), "tracking"),))


def _thinned(entries: list[Any]) -> Iterator[Any]:
    """Entries at most `FPS` a second."""
    last = -np.inf
    for entry in entries:
        if entry["time"] - last >= 1 / FPS - 1e-6:
            last = entry["time"]
            yield entry


def _sighting(frame: int, number: int, x: float, y: float, video: SampledVideo) -> Sighting:
    """Of fractions of the frame's width and height."""
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise SkippedRow("point lies outside the picture")
    width, height = video.video_size
    return Sighting(frame, number, (x * width, y * height))
