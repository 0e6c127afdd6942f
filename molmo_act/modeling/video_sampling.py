"""Which frames of a video a model sees, of any kind of video. Knows no crops and no patches.

The rules are ``frame_sampling``; files are read by ``video_file``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from molmo_act.errors import InputError
from molmo_act.images import ImageInput, to_rgb
from molmo_act.modeling.frame_sampling import need_positive, sample_frames, sample_times, within
from molmo_act.modeling.video_file import FramesAt, video_duration

VideoInput: TypeAlias = "np.ndarray | Tensor | Sequence[ImageInput] | str | os.PathLike[str]"
"""A video: uint8 RGB (T, H, W, 3), a sequence of images of one size, or the path of a file."""

_TIMING = 1e-6  # seconds that are no difference


@dataclass(frozen=True, eq=False)
class SampledVideo:
    """The frames of a video that a model will see.

    Attributes:
        frames: uint8 RGB (T, H, W, 3), array or tensor, or T frames of a file that are decoded when needed.
        timestamps: Seconds, one per frame.
        video_size: (width, height) of the original video in pixels, in which points are reported.
    """

    frames: np.ndarray | Tensor | FramesAt
    timestamps: tuple[float, ...]
    video_size: tuple[int, int]


def sample_video(
    video: VideoInput,
    metadata: Mapping[str, Any] | Any | None,
    *,
    num_frames: int,
    max_fps: float,
    choose: bool,
    start: float,
    end: float | None,
) -> SampledVideo:
    """The frames of a video that the model will see; ``MolmoPointVideoProcessor.sample`` says more.

    Args:
        video, metadata, start, end: See there.
        num_frames: Most frames.
        max_fps: Most frames per second.
        choose: False keeps every frame of an array; its times must then be in ``metadata``.

    Raises:
        InputError: Times are missing or do not match the frames, the video cannot be read, or has no such
            part.
        ImageError: A frame cannot be read as a picture.
    """
    if isinstance(video, (str, os.PathLike)):
        return _sample_file(Path(video), num_frames, max_fps, start, end)
    frames = stack_frames(video)
    clip = _Metadata.of(metadata)
    size = (clip.width or frames.shape[2], clip.height or frames.shape[1])
    if clip.timestamps is not None or not choose:
        times = clip.known_times(len(frames))
        kept = _part(np.array(times), start, end)
        return SampledVideo(frames[kept], times[kept], size)
    if clip.fps is None:
        raise InputError(
            "It is not known when the frames of the video were shown. Give the frames per second as "
            "'fps' or the seconds of each frame as 'timestamps', beside the video in the message or as "
            "video_metadata."
        )
    need_positive(fps=clip.fps)
    part = _part(np.arange(len(frames)) / clip.fps, start, end)
    count = part.stop - part.start
    indices = part.start + sample_frames(count, clip.fps, num_frames=num_frames, max_fps=max_fps)
    return SampledVideo(frames[indices], tuple((indices / clip.fps).tolist()), size)


def stack_frames(video: np.ndarray | Tensor | Sequence[ImageInput]) -> np.ndarray | Tensor:
    """A video in memory as uint8 RGB (T, H, W, 3).

    Raises:
        InputError: It has no frame, or frames of several sizes.
        ImageError: A frame cannot be read as a picture.
    """
    if len(video) == 0:
        raise InputError("The video has no frame; expected at least one.")
    if isinstance(video, (np.ndarray, Tensor)):
        if video.ndim != 4:
            shape = tuple(video.shape)
            raise InputError(f"The video has shape {shape}; expected RGB frames (T, height, width, 3).")
        if video.shape[-1] == 3 and video.dtype in (np.uint8, torch.uint8):
            return video
    frames = [to_rgb(frame) for frame in video]
    sizes = {frame.shape[1::-1] for frame in frames}
    if len(sizes) > 1:
        raise InputError(f"The frames of the video have sizes {sorted(sizes)}; expected one size.")
    return np.stack(frames)


@dataclass(frozen=True)
class _Metadata:
    """What is known of a video in memory."""

    fps: float | None = None
    timestamps: Sequence[float] | None = None
    frames_indices: Sequence[int] | None = None
    width: int | None = None
    height: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any] | Any | None) -> _Metadata:
        names = cls.__dataclass_fields__
        if given is None:
            return cls()
        if isinstance(given, Mapping):
            return cls(**{name: given[name] for name in names if given.get(name) is not None})
        return cls(
            fps=getattr(given, "fps", None),
            frames_indices=getattr(given, "frames_indices", None),
            width=getattr(given, "width", None),
            height=getattr(given, "height", None),
        )

    def known_times(self, frames: int) -> tuple[float, ...]:
        """Seconds of each frame that was given.

        Raises:
            InputError: They are unknown, or not one per frame and ascending.
        """
        if self.timestamps is not None:
            times = np.asarray(self.timestamps, dtype=np.float64)
        elif self.frames_indices is not None and self.fps:
            times = np.asarray(self.frames_indices) / self.fps
        else:
            raise InputError(
                "Frames are to be kept as they are (do_sample_frames=False), but their times are unknown. "
                "Give 'timestamps', or 'frames_indices' and 'fps'."
            )
        if times.shape != (frames,) or not np.isfinite(times).all() or (np.diff(times) < 0).any():
            raise InputError(
                f"The video has {frames} frames and the times {times.tolist()}; expected seconds for each "
                "frame, in ascending order."
            )
        return tuple(times.tolist())


def _part(times: np.ndarray, start: float, end: float | None) -> slice:
    """The frames of a video that are shown from `start` to `end`, by the times of all of them."""
    if not start and end is None:
        return slice(0, len(times))
    last = within(float(times[-1]), start, end)
    found = slice(*np.searchsorted(times, (start, last + _TIMING)).tolist())
    if found.start == found.stop:
        raise InputError(f"No frame of the video is shown from start={start} to end={end}; expected one.")
    return found


def _sample_file(
    path: Path, num_frames: int, max_fps: float, start: float, end: float | None
) -> SampledVideo:
    length = within(video_duration(path), start, end) - start
    times = tuple((start + sample_times(length, num_frames=num_frames, max_fps=max_fps)).tolist())
    height, width, _ = next(iter(FramesAt(path, (0.0,)))).shape
    return SampledVideo(FramesAt(path, times), times, (width, height))
