"""Videos → the arrays MolmoPoint reads, by the settings in ``video_preprocessor_config.json``. Knows no text.

Every frame is one square crop without tiling. Which frames are seen is ``video_sampling``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers.feature_extraction_utils import BatchFeature

from molmo_act.errors import CheckpointError, InputError
from molmo_act.modeling.checkpoint_files import HUB_OPTIONS
from molmo_act.modeling.processor_settings import (
    BILINEAR,
    need_settings,
    read_settings,
    refuse_unknown_resampling,
    save_settings,
    square_side,
)
from molmo_act.modeling.tiling import check_geometry, normalize, patchify, pooling_windows, resize, rgb_tensor
from molmo_act.modeling.video_sampling import SampledVideo, VideoInput, sample_video

_SAMPLING = "uniform_last_frame"


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
        return sample_video(
            video,
            metadata,
            num_frames=self.num_frames if num_frames is None else num_frames,
            max_fps=self.max_fps if max_fps is None else max_fps,
            choose=do_sample_frames,
            start=start,
            end=end,
        )

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
