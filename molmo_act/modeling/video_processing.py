"""Videos → the arrays MolmoPoint reads, by the settings in ``video_preprocessor_config.json``. Knows no text.

Every frame is one square crop without tiling. Which frames are seen is ``frame_sampling``; files are read by
``video_file``.
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
from transformers.feature_extraction_utils import BatchFeature

from molmo_act.errors import CheckpointError, InputError
from molmo_act.images import ImageInput, to_rgb
from molmo_act.modeling.checkpoint_files import HUB_OPTIONS
from molmo_act.modeling.frame_sampling import need_positive, sample_frames, sample_times, within
from molmo_act.modeling.processor_settings import (
    BILINEAR,
    need_settings,
    read_settings,
    refuse_unknown_resampling,
    save_settings,
    square_side,
)
from molmo_act.modeling.tiling import check_geometry, normalize, patchify, pooling_windows, resize, rgb_tensor
from molmo_act.modeling.video_file import FramesAt, video_duration

VideoInput: TypeAlias = "np.ndarray | Tensor | Sequence[ImageInput] | str | os.PathLike[str]"
"""A video: uint8 RGB (T, H, W, 3), a sequence of images of one size, or the path of a file."""

_SAMPLING = "uniform_last_frame"
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


@dataclass(frozen=True, eq=False)
class ProcessedVideo:
    """One video as the vision tower and the prompt need it.

    Attributes:
        patches: uint8 (T, n², p²·3), one crop per frame, laid out as in ``ProcessedImage``.
        token_pooling: int64 (T·rows·cols, window): the patches behind each token; ids count on over frames.
        grid: int64 (3,): frames, token rows, token columns.
        subpatch_mapping: int64 (T, n, n): the id of each patch.
        timestamps: Seconds, one per frame.
        video_size: (width, height) of the original video in pixels.
    """

    patches: Tensor
    token_pooling: Tensor
    grid: Tensor
    subpatch_mapping: Tensor
    timestamps: tuple[float, ...]
    video_size: tuple[int, int]


class MolmoPointVideoProcessor:
    """Samples frames and cuts each into one crop of normalised patches.

    Frame choice and pixels are those of the released preprocessing. Needs no torchvision.

    Args:
        size: ``{"height": c, "width": c}``, the square crop in pixels.
        patch_size: Side of a patch in pixels.
        pooling_size: Rows and columns of patches behind one token.
        num_frames: Most frames per video. May be changed at any time.
        max_fps: Most frames per second. May be changed at any time.
        frame_sample_mode: "uniform_last_frame", the only one released models use.
        sampling_fps: Kept for the file; unused by that mode.
        image_mean: Mean per channel (red, green, blue), of values in [0, 1].
        image_std: Standard deviation per channel.
        resample: 2, bilinear.

    Raises:
        CheckpointError: The settings contradict one another, or ask for what no released model uses.
    """

    config_file = "video_preprocessor_config.json"
    model_input_names = ["pixel_values_videos", "video_token_pooling", "video_grids"]  # noqa: RUF012

    def __init__(
        self,
        size: Mapping[str, int] | None = None,
        patch_size: int = 14,
        pooling_size: Sequence[int] = (3, 3),
        num_frames: int = 384,
        max_fps: float = 2,
        frame_sample_mode: str = _SAMPLING,
        sampling_fps: float = 2,
        image_mean: Sequence[float] = (0.5, 0.5, 0.5),
        image_std: Sequence[float] = (0.5, 0.5, 0.5),
        resample: int = BILINEAR,
    ) -> None:
        self.size = dict(size or {"height": 378, "width": 378})
        self.patch_size = patch_size
        self.pooling_size = list(pooling_size)
        self.num_frames = num_frames
        self.max_fps = max_fps
        self.frame_sample_mode = frame_sample_mode
        self.sampling_fps = sampling_fps
        self.image_mean = list(image_mean)
        self.image_std = list(image_std)
        self.resample = resample
        if frame_sample_mode != _SAMPLING:
            raise CheckpointError(
                f"{self.config_file}: frame_sample_mode is {frame_sample_mode!r}; expected {_SAMPLING!r}."
            )
        refuse_unknown_resampling(resample, self.config_file)
        try:
            check_geometry(self.crop_size, patch_size, self.pooling_size)
        except InputError as exc:
            raise CheckpointError(f"{self.config_file}: {exc}") from exc

    @property
    def crop_size(self) -> int:
        """Side of a crop in pixels."""
        return square_side(self.size, self.config_file)

    def sample(
        self,
        video: VideoInput,
        metadata: Mapping[str, Any] | Any | None = None,
        *,
        num_frames: int | None = None,
        max_fps: float | None = None,
        do_sample_frames: bool = True,
        start: float = 0.0,
        end: float | None = None,
    ) -> SampledVideo:
        """Choose the frames that the model will see.

        Args:
            video: An array or a sequence of images, sampled by index; or the path of a file, decoded at
                evenly spaced times (needs the extra ``video``).
            metadata: A mapping, or transformers' ``VideoMetadata``. ``timestamps`` (seconds per frame) or
                ``frames_indices`` with ``fps`` say when given frames were shown: with timestamps every frame
                is kept. Otherwise ``fps`` of the array. ``width`` and ``height`` of the original video if the
                frames were resized before. Not used for files.
            num_frames: Overrides the setting.
            max_fps: Overrides the setting.
            do_sample_frames: False keeps every frame of an array; its times must then be in ``metadata``.
            start, end: Seconds between which frames are taken, as if the video were no longer; None for its
                end. Frames keep their times.

        Raises:
            InputError: Times are missing or do not match the frames, the video cannot be read, or has no
                such part.
            ImageError: A frame cannot be read as a picture.
        """
        num_frames = self.num_frames if num_frames is None else num_frames
        max_fps = self.max_fps if max_fps is None else max_fps
        if isinstance(video, (str, os.PathLike)):
            return _sample_file(Path(video), num_frames, max_fps, start, end)
        frames = stack_frames(video)
        clip = _Metadata.of(metadata)
        size = (clip.width or frames.shape[2], clip.height or frames.shape[1])
        if clip.timestamps is not None or not do_sample_frames:
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

    def preprocess(self, video: SampledVideo, device: torch.device | str | None = None) -> ProcessedVideo:
        """Sampled frames as uint8 patches and index maps.

        Args:
            video: What ``sample`` gave.
            device: Where to resize; by default where the frames lie.
        """
        size, side = self.crop_size, self.crop_size // self.patch_size
        # Frame by frame: a batch of all frames as float32 would take gigabytes.
        crops = [resize(rgb_tensor(frame).to(device), size, size) for frame in video.frames]
        mapping = np.arange(len(crops) * side**2).reshape(len(crops), side, side)
        windows, grid = pooling_windows(mapping[0], (self.pooling_size[0], self.pooling_size[1]))
        offsets = mapping[:, :1, :1]
        return ProcessedVideo(
            patches=torch.cat([patchify(crop, size, size, self.patch_size) for crop in crops]),
            token_pooling=torch.from_numpy(np.where(windows < 0, -1, windows + offsets)).flatten(0, 1),
            grid=torch.tensor([len(crops), *grid]),
            subpatch_mapping=torch.from_numpy(mapping),
            timestamps=video.timestamps,
            video_size=video.video_size,
        )

    def __call__(
        self,
        videos: VideoInput | Sequence[VideoInput],
        video_metadata: Any = None,
        *,
        device: torch.device | str | None = None,
        return_tensors: str | None = "pt",
        **sampling: Any,
    ) -> BatchFeature:
        """Sample and preprocess one video or a list of videos.

        Args:
            videos: One video as an array or path, or a list of videos.
            video_metadata: Metadata of each video, as ``sample`` takes it.
            device: Where to resize; by default where the frames lie.
            return_tensors: "pt" for torch, "np" for numpy.
            sampling: ``num_frames``, ``max_fps``, ``do_sample_frames``, ``start``, ``end`` of ``sample``.

        Returns:
            The arrays of ``collate``.

        Raises:
            InputError: See ``sample``.
        """
        clips: Sequence[Any] = videos if isinstance(videos, (list, tuple)) else [videos]
        if video_metadata is None:
            known: Sequence[Any] = [None] * len(clips)
        else:
            known = video_metadata if isinstance(video_metadata, (list, tuple)) else [video_metadata]
        if len(known) != len(clips):
            raise InputError(f"{len(clips)} videos came with {len(known)} metadata; expected one for each.")
        sampled = [self.sample(clip, facts, **sampling) for clip, facts in zip(clips, known, strict=True)]
        processed = [self.preprocess(clip, device=device) for clip in sampled]
        return BatchFeature(self.collate(processed), tensor_type=return_tensors)

    def collate(self, processed: Sequence[ProcessedVideo]) -> dict[str, Tensor]:
        """Join videos into what the model reads.

        Returns:
            ``pixel_values_videos`` float32 (frames of all videos, n², p²·3);
            ``video_token_pooling`` int64 (tokens, window), patch ids restart at 0 for each video;
            ``video_grids`` int64 (videos, 3).
        """
        patches = torch.cat([video.patches for video in processed])
        return {
            "pixel_values_videos": normalize(patches, self.image_mean, self.image_std),
            "video_token_pooling": torch.cat([video.token_pooling for video in processed]),
            "video_grids": torch.stack([video.grid for video in processed]),
        }

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike[str], **options: Any) -> MolmoPointVideoProcessor:
        """Read the settings of a checkpoint.

        Args:
            source: Folder or hub name.
            options: Where files come from (``HUB_OPTIONS``), and settings to override.

        Raises:
            CheckpointError: The file is missing, damaged, or of another kind of processor.
        """
        hub = {key: options.pop(key) for key in HUB_OPTIONS if key in options}
        settings = read_settings(source, cls.config_file, "video_processor", **hub)
        return cls.from_dict({**settings, **options})

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> MolmoPointVideoProcessor:
        """Build from the content of ``video_preprocessor_config.json``.

        Raises:
            CheckpointError: It is of another kind of processor or lacks a setting.
        """
        names = ("size", "patch_size", "pooling_size", "num_frames", "max_fps")
        need_settings(settings, names, "video_processor_type", "Molmo2VideoProcessor", cls.config_file)
        extra = ("frame_sample_mode", "sampling_fps", "image_mean", "image_std", "resample")
        optional = [name for name in extra if settings.get(name) is not None]
        return cls(**{name: settings[name] for name in (*names, *optional)})

    def to_dict(self) -> dict[str, Any]:
        """The content of ``video_preprocessor_config.json``, with the class name released code looks for.

        The switches are those of the released files; without them transformers' own class would not
        normalise.
        """
        return {
            **self.__dict__,
            "video_processor_type": "Molmo2VideoProcessor",
            "data_format": "channels_first",
            "default_to_square": True,
            "do_convert_rgb": True,
            "do_normalize": True,
            "do_rescale": True,
            "do_resize": True,
            "do_sample_frames": True,
            "rescale_factor": 1 / 255,
            "return_metadata": False,
        }

    def save_pretrained(self, folder: str | os.PathLike[str]) -> list[str]:
        """Write ``video_preprocessor_config.json`` into a folder and return its path."""
        return save_settings(self, folder)


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
