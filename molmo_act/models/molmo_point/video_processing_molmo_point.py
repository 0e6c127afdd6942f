"""Videos → the arrays MolmoPoint reads, by the settings in ``video_preprocessor_config.json``.

Every frame is one square crop without tiling. Which frames are seen is ``frame_sampling``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from transformers.feature_extraction_utils import BatchFeature

from molmo_act.errors import InputError
from molmo_act.formats.crop_geometry import pooling_windows
from molmo_act.models.molmo_point.frame_sampling import SampledVideo, VideoInput, sample_video
from molmo_act.models.molmo_point.processor_settings import BILINEAR, ProcessorSettings
from molmo_act.models.molmo_point.tiling import normalize, patchify, resize, rgb_tensor
from molmo_act.request import OWN, check_span
from molmo_act.validation import check_bool, check_choice, check_int, check_number

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
        damaged: Whether frames of its file could not be decoded.
    """

    patches: Tensor
    token_pooling: Tensor
    grid: Tensor
    subpatch_mapping: Tensor
    timestamps: tuple[float, ...]
    video_size: tuple[int, int]
    damaged: bool = False


class MolmoPointVideoProcessor(ProcessorSettings):
    """Samples frames and cuts each into one crop of normalised patches.

    Frame choice and pixels are those of the released preprocessing. Needs no torchvision.

    Args:
        num_frames: Most frames per video. May be changed at any time.
        max_fps: Most frames per second. May be changed at any time.
        frame_sample_mode: "uniform_last_frame", the only one released models use.
        sampling_fps: Kept for the file; unused by that mode.
        size, patch_size, pooling_size, image_mean, image_std, resample: See ``ProcessorSettings``.
    """

    config_file = "video_preprocessor_config.json"
    section = "video_processor"
    kind = "Molmo2VideoProcessor"
    required = (*ProcessorSettings.required, "num_frames", "max_fps")
    optional = ("frame_sample_mode", "sampling_fps", *ProcessorSettings.optional)
    model_input_names: ClassVar = ["pixel_values_videos", "video_token_pooling", "video_grids"]

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
        super().__init__(size, patch_size, pooling_size, image_mean, image_std, resample)
        with self.named_in_errors():
            self.num_frames = check_int("num_frames", num_frames)
            check_number("max_fps", max_fps, above=0, what="frames per second")
            check_number("sampling_fps", sampling_fps, above=0, what="frames per second")
            self.frame_sample_mode = check_choice("frame_sample_mode", frame_sample_mode, (_SAMPLING,))
        self.max_fps, self.sampling_fps = max_fps, sampling_fps
        self.check_geometry()

    def sample(
        self,
        video: VideoInput,
        metadata: object = None,
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
            start: Second from which frames are taken. Frames keep their times.
            end: Second up to which frames are taken, as if the video were no longer; None for its end.

        Returns:
            The frames and their times.

        Raises:
            InputError: An argument is out of range or of the wrong kind; times are missing or do not match
                the frames; the video cannot be read, or has no such part.
            ImageError: A frame cannot be read as an image.
        """
        check_int("num_frames", num_frames, none=OWN)
        check_number("max_fps", max_fps, above=0, what="frames per second", none=OWN)
        check_bool("do_sample_frames", do_sample_frames)
        check_span(start, end)
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

        Returns:
            The video, cut.
        """
        geometry = self.geometry
        size, side = geometry.crop_size, geometry.side
        # Frame by frame: a batch of all frames as float32 would take gigabytes.
        crops = [resize(rgb_tensor(frame).to(device), size, size) for frame in video.frames]
        mapping = np.arange(len(crops) * side**2).reshape(len(crops), side, side)
        windows, grid = pooling_windows(mapping[0], geometry.pooling)
        offsets = mapping[:, :1, :1]
        return ProcessedVideo(
            patches=torch.cat([patchify(crop, size, size, self.patch_size) for crop in crops]),
            token_pooling=torch.from_numpy(np.where(windows < 0, -1, windows + offsets)).flatten(0, 1),
            grid=torch.tensor([len(crops), *grid]),
            subpatch_mapping=torch.from_numpy(mapping),
            timestamps=video.timestamps,
            video_size=video.video_size,
            damaged=video.damaged,  # known now that all frames were decoded
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

        Args:
            processed: Videos, cut.

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

    def to_dict(self) -> dict[str, object]:
        """Writes the settings as released code reads them.

        The switches are those of the released files; without them transformers' own class would not
        normalise.

        Returns:
            The content of ``video_preprocessor_config.json``, with the class name released code looks for.
        """
        return {
            **super().to_dict(),
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
