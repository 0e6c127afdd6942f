"""The public video data sets, read in their own schemas: points at moments, and tracks.

Each reader function lists the columns that it reads. Videos lie in `videos/` of a set's folder, or up to two
folders below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from model.data.errors import SkippedRow
from model.data.schema import FramePoint, VideoQuery, VideoSample
from molmo_act.errors import InputError
from molmo_act.io.video_reader import FramesAt, video_duration
from molmo_act.models.molmo_point.frame_sampling import SampledVideo, sample_times

FPS = 2.0
"""Most frames a second that models are shown."""
NEAR = 0.25 + 1e-6
"""Seconds that the annotated moment may be from the frame that is shown for it."""

Row = Mapping[str, Any]
TimedPoints = tuple[float, list[tuple[Any, float, float]]]
"""Seconds, and (id, x, y) of every object that is seen then, x and y as shares of width and height."""


class VideoFolder:
    """The videos of a data set, and how much of one is shown.

    Args:
        folder: Holds the files, or folders of them.
        frames: Most frames of one video.
    """

    def __init__(self, folder: Path, frames: int) -> None:
        self._folder, self.frames = folder, frames

    @cached_property
    def _places(self) -> tuple[Path, ...]:
        return (self._folder, *self._folder.glob("*/"), *self._folder.glob("*/*/"))

    def path(self, *names: str) -> Path:
        """Finds the first file that is there.

        Args:
            names: Names that it may have, each with its ending.

        Returns:
            Path of the file.

        Raises:
            SkippedRow: There is none.
        """
        for name in names:
            for place in self._places:
                if (place / name).is_file():
                    return place / name
        raise SkippedRow("video is missing")

    def evenly(self, path: Path, clip: tuple[float, float] | None) -> tuple[SampledVideo, float]:
        """Decodes a video in evenly spaced frames, as it is shown at inference.

        Args:
            path: The file.
            clip: First and last second of what is shown when the whole is too long for `FPS`.

        Returns:
            The frames with their seconds, and the second of the video at which these begin.

        Raises:
            SkippedRow: The file is damaged.
        """
        try:
            start, end = 0.0, video_duration(path)
            if clip is not None and end > (self.frames - 1) / FPS:
                start, end = clip
            times = sample_times(end - start, num_frames=self.frames, max_fps=FPS)
        except InputError as exc:
            raise SkippedRow("video cannot be read") from exc
        return _decoded(path, times + start, start), start

    def at(self, path: Path, times: Sequence[float]) -> SampledVideo:
        """Decodes the frames of a video at given moments.

        Args:
            path: The file.
            times: Seconds.

        Returns:
            The frames with their seconds.

        Raises:
            SkippedRow: The file is damaged.
        """
        return _decoded(path, np.asarray(times))


def _decoded(path: Path, times: np.ndarray, start: float = 0.0) -> SampledVideo:
    video = FramesAt(path, tuple(times.tolist()))
    try:
        frames = np.stack(list(video))
    except (InputError, ValueError) as exc:
        raise SkippedRow("video cannot be read") from exc
    if video.damage:  # what was annotated is not on the frames that stand for missing ones
        raise SkippedRow("video is damaged")
    return SampledVideo(frames, tuple((times - start).tolist()), (frames.shape[2], frames.shape[1]))


def video_points(row: Row, videos: VideoFolder, rng: np.random.Generator) -> VideoSample:
    """Reads points at moments of a video.

    Columns: `video_id`, `label`, `two_fps_timestamps`, `points`, `annotator_unsure`, `clip_start`,
    `clip_end`. Timestamps are seconds, and for each there is a list of points, {x, y} per cent. Where a
    video is longer than what models are shown, they see the clip, and its seconds count from its start. The
    file is <video_id>_2fps.mp4, which was annotated, or <video_id>.mp4; ids with a folder name a made video.
    What annotators were unsure of is left out, as for released models.
    """
    if row["annotator_unsure"]:
        raise SkippedRow("annotator was unsure")
    name = row["video_id"].rsplit("/", 1)[-1]
    clip = None if row["clip_start"] is None else (row["clip_start"], row["clip_end"])
    video, start = videos.evenly(videos.path(f"{name}_2fps.mp4", f"{name}.mp4"), clip)
    times = np.array(video.timestamps) + start
    seen: list[tuple[int, float, float]] = []
    for seconds, points in zip(row["two_fps_timestamps"], row["points"], strict=True):
        frame = int(np.abs(times - seconds).argmin())
        if abs(times[frame] - seconds) > NEAR:
            raise SkippedRow("an annotated moment is not among the frames shown")
        seen += [(frame, p["x"] / 100, p["y"] / 100) for p in points]
    frame_points = tuple(
        _frame_point(frame, number, x, y, video) for number, (frame, x, y) in enumerate(seen, 1)
    )
    return VideoSample(video, (VideoQuery(row["label"], row["label"], frame_points, "pointing"),))


def video_tracks(row: Row, videos: VideoFolder, rng: np.random.Generator) -> VideoSample:
    """Reads tracks by moments.

    Columns: `video`, `video_path` (in some sets), `expression`, `width`, `height`, `frame_trajectories`
    [{frame, time, points: [{id, point: [x, y] pixels of width and height, occluded}]}]. The file is
    <video_path> or <video>.mp4; where rows have a `clip`, it is <video_dataset>/<clip>.mp4.
    """

    def moment(entry: Mapping[str, Any]) -> TimedPoints:
        shown = [place for place in entry["points"] if place["point"] and not place["occluded"]]
        return entry["time"], [
            (place["id"], place["point"][0] / row["width"], place["point"][1] / row["height"])
            for place in shown
        ]

    if row.get("clip"):
        names = [f"{row['video_dataset']}/{row['clip']}.mp4"]
    else:
        names = [name for name in (row.get("video_path"), f"{row['video']}.mp4") if name]
    annotated = sorted(row["frame_trajectories"] or [], key=lambda entry: entry["time"])
    return _tracked(row["expression"], map(moment, annotated), videos.path(*names), videos)


def object_tracks(row: Row, videos: VideoFolder, rng: np.random.Generator) -> VideoSample:
    """Reads tracks by objects.

    Columns: `video_dataset`, `clip`, `exp`, `w`, `h`, `fps`, `points` [{object_id, points}]. The inner
    points are one for every frame of the clip, [x, y] in pixels of w and h, or null. The file is
    <video_dataset>/<clip>.mp4.
    """

    def moment(frame: int) -> TimedPoints:
        seen = [
            (track["object_id"], track["points"][frame])
            for track in row["points"]
            if frame < len(track["points"]) and track["points"][frame]
        ]
        return frame / row["fps"], [(obj, x / row["w"], y / row["h"]) for obj, (x, y) in seen]

    frames = max((len(track["points"]) for track in row["points"]), default=0)
    path = videos.path(f"{row['video_dataset']}/{row['clip']}.mp4")
    return _tracked(row["exp"], map(moment, range(frames)), path, videos)


def _tracked(text: str, annotated: Iterable[TimedPoints], path: Path, videos: VideoFolder) -> VideoSample:
    """Thins moments out to what models are shown; objects are numbered by their appearance."""
    moments = list(_thinned(annotated))[: videos.frames]
    if not any(seen for _, seen in moments):
        raise SkippedRow("nothing to ask")
    video = videos.at(path, [seconds for seconds, _ in moments])
    numbers: dict[Any, int] = {}
    frame_points = tuple(
        _frame_point(frame, numbers.setdefault(obj, len(numbers) + 1), x, y, video)
        for frame, (_, seen) in enumerate(moments)
        for obj, x, y in seen
    )
    return VideoSample(video, (VideoQuery(text, text, frame_points, "tracking"),))


def _thinned(moments: Iterable[TimedPoints]) -> Iterator[TimedPoints]:
    """Moments at most `FPS` a second."""
    last = -np.inf
    for moment in moments:
        if moment[0] - last >= 1 / FPS - 1e-6:
            last = moment[0]
            yield moment


def _frame_point(frame: int, number: int, x: float, y: float, video: SampledVideo) -> FramePoint:
    """Turns shares of a frame's width and height into pixels."""
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise SkippedRow("point lies outside the image")
    width, height = video.video_size
    return FramePoint(frame, number, (x * width, y * height))
