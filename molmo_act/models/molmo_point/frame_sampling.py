"""Chooses which frames of a video a model sees, by the released rule.

Evenly spaced at ``max_fps`` while that gives at most ``num_frames``, else ``num_frames`` spread over the
whole video; the last frame is always among them. `sample_frames` and `sample_times` are the rule, as numbers;
`sample_video` applies it to frames in memory and to files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from molmo_act.errors import InputError
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.io.locations import FileSource, is_file_source, locate
from molmo_act.io.video_reader import FramesAt, video_duration
from molmo_act.request import check_span, check_start
from molmo_act.validation import check_int, check_number, wrong

VideoInput: TypeAlias = "np.ndarray | Tensor | Sequence[ImageInput] | FileSource"
"""A video: uint8 RGB (T, H, W, 3), a sequence of images of one size, or a file."""

MAX_FRAMES = 4096
"""Most frames of a video. With 16 tokens each, fewer than any model here has, they are all that the released
models with the longest context read (65,536)."""
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

    @property
    def damaged(self) -> bool:
        """Whether frames of a file could not be decoded, as far as they were asked for."""
        return isinstance(self.frames, FramesAt) and bool(self.frames.damage)


def sample_frames(total: int, fps: float, *, num_frames: int, max_fps: float) -> np.ndarray:
    """Indices of the frames to take from a video that lies in memory.

    A video slower than ``max_fps`` repeats frames, as models have seen in training.

    Args:
        total: Frames there are.
        fps: Frames per second of the video.
        num_frames: Most frames to take.
        max_fps: Most frames to take per second.

    Returns:
        int64 (frames,), ascending.

    Raises:
        InputError: One of the numbers is not positive, or there are more frames than `MAX_FRAMES`.

    Example:
        >>> sample_frames(60, 24.0, num_frames=384, max_fps=2).tolist()
        [0, 12, 24, 36, 48, 59]
    """
    need_positive(total=total, fps=fps, num_frames=num_frames, max_fps=max_fps)
    _check_frames(num_frames)
    last = total - 1
    if total <= 2:
        return np.arange(total)
    if total / fps > (num_frames - 1) / max_fps:
        return np.linspace(0, last, min(num_frames, total)).astype(np.int64)
    indices = np.round(np.arange(0, last, fps / max_fps)).astype(np.int64)
    return indices if indices[-1] == last else np.append(indices, last)


def sample_times(duration: float, *, num_frames: int, max_fps: float) -> np.ndarray:
    """Seconds at which to take frames from a video that is decoded from a file.

    Args:
        duration: Length of the video in seconds.
        num_frames: Most frames to take.
        max_fps: Most frames to take per second.

    Returns:
        float64 (frames,), ascending, the last one being the duration.

    Raises:
        InputError: One of the numbers is not positive, or there are more frames than `MAX_FRAMES`.

    Example:
        >>> sample_times(1.2, num_frames=384, max_fps=2).tolist()
        [0.0, 0.5, 1.0, 1.2]
    """
    need_positive(duration=duration, num_frames=num_frames, max_fps=max_fps)
    _check_frames(num_frames)
    if (num_frames - 1) / max_fps < duration:
        return np.linspace(0, duration, num_frames)
    return np.append(np.arange(0, duration, 1 / max_fps), duration)


def within(length: float, start: float, end: float | None) -> float:
    """Where a part of a video ends.

    Args:
        length: Seconds of the video.
        start: Second at which the part begins.
        end: Second at which it is to end; None for the end of the video.

    Returns:
        Second at which it ends, at most `length`.

    Raises:
        InputError: There is no such part, or the video ends before it.
    """
    last = min(check_span(start, end), length)
    check_start(length, start)
    return last


def need_positive(**numbers: float) -> None:
    """Refuses numbers of a video that are not above 0, by their names.

    Raises:
        InputError: One is not.
    """
    for name, number in numbers.items():
        if not number > 0 or not np.isfinite(number):
            raise InputError(f"{name} of the video is {number}; expected a positive number.")


def _check_frames(num_frames: int) -> None:
    """Refuses more frames than any model reads, before their times are listed.

    Raises:
        InputError: There are more than `MAX_FRAMES`.
    """
    if num_frames > MAX_FRAMES:
        raise InputError(
            f"num_frames of the video is {num_frames}; expected at most {MAX_FRAMES}: more are more tokens "
            "than any model reads."
        )


def sample_video(
    video: VideoInput,
    metadata: object,
    *,
    num_frames: int,
    max_fps: float,
    choose: bool,
    start: float,
    end: float | None,
) -> SampledVideo:
    """The frames of a video that the model will see; ``MolmoPointVideoProcessor.sample`` says more.

    Args:
        video: uint8 RGB (T, H, W, 3), a sequence of images of one size, or a file: its path or content.
        metadata: What is known of a video in memory.
        num_frames: Most frames.
        max_fps: Most frames per second.
        choose: False keeps every frame of an array; its times must then be in ``metadata``.
        start: Second from which frames are taken.
        end: Second up to which frames are taken; None for the end of the video.

    Returns:
        The frames and their times.

    Raises:
        InputError: Times are missing or do not match the frames, the video cannot be read, or has no such
            part.
        ImageError: A frame cannot be read as an image.
    """
    if is_file_source(video):
        return _sample_file(video, num_frames, max_fps, start, end)
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
    part = _part(np.arange(len(frames)) / clip.fps, start, end)
    count = part.stop - part.start
    indices = part.start + sample_frames(count, clip.fps, num_frames=num_frames, max_fps=max_fps)
    return SampledVideo(frames[indices], tuple((indices / clip.fps).tolist()), size)


def stack_frames(video: np.ndarray | Tensor | Sequence[ImageInput]) -> np.ndarray | Tensor:
    """Brings a video in memory to one form.

    Args:
        video: (T, H, W, 3) array or tensor, or a sequence of images of one size.

    Returns:
        uint8 RGB (T, H, W, 3); the same object where it has that form already.

    Raises:
        InputError: It has no frame, or frames of several sizes.
        ImageError: A frame cannot be read as an image.
    """
    if not isinstance(video, (np.ndarray, Tensor, Sequence)):
        raise wrong("The video", video, "an array of RGB frames (T, height, width, 3), images, or a file")
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


def video_facts(given: object) -> dict[str, Any]:
    """What is known of a video beside its frames.

    Args:
        given: A mapping, such as part of a message, or an object with attributes; None for nothing.

    Returns:
        Those of ``fps``, ``timestamps``, ``frames_indices``, ``width`` and ``height`` that it says. The
        timestamps of transformers' ``VideoMetadata`` are none of its own: they follow from the others.
    """
    names = _Metadata.__dataclass_fields__
    if isinstance(given, Mapping):
        known = dict(given)  # of transformers' mapping .get() would ask for more than it holds
    else:
        known = {name: getattr(given, name, None) for name in names if name != "timestamps"}
    return {name: known[name] for name in names if known.get(name) is not None}


@dataclass(frozen=True)
class _Metadata:
    """What is known of a video in memory."""

    fps: float | None = None
    timestamps: Sequence[float] | None = None
    frames_indices: Sequence[float] | None = None
    width: int | None = None
    height: int | None = None

    @classmethod
    def of(cls, given: object) -> _Metadata:
        facts = video_facts(given)
        if "fps" in facts:
            facts["fps"] = check_number("fps", facts["fps"], above=0, what="frames per second")
        for side in {"width", "height"} & facts.keys():
            facts[side] = check_int(side, facts[side])
        for name in {"timestamps", "frames_indices"} & facts.keys():
            facts[name] = _numbers(name, facts[name])
        return cls(**facts)

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


def _numbers(name: str, given: object) -> list[float]:
    """What is said of each frame, as plain numbers."""
    if isinstance(given, (np.ndarray, Tensor)):
        given = given.tolist()
    if not isinstance(given, (list, tuple, range)):
        raise wrong(name, given, "a list of numbers, one for each frame")
    return [check_number(f"One of {name}", one, finite=False) for one in given]


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
    source: FileSource, num_frames: int, max_fps: float, start: float, end: float | None
) -> SampledVideo:
    place = locate(source, kind="video", expected="expected the path of a video file")
    length = within(video_duration(place), start, end) - start
    times = tuple((start + sample_times(length, num_frames=num_frames, max_fps=max_fps)).tolist())
    height, width, _ = next(iter(FramesAt(place, (0.0,)))).shape
    return SampledVideo(FramesAt(place, times), times, (width, height))
