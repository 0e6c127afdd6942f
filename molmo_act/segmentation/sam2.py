"""Propagates masks along a video with transformers' SAM 2 or EdgeTAM."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import torch
from safetensors import SafetensorError
from transformers import EdgeTamVideoModel, PreTrainedModel, Sam2VideoModel
from transformers.models.edgetam_video.modeling_edgetam_video import EdgeTamVideoInferenceSession
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

from molmo_act.errors import CheckpointError, PlatformError
from molmo_act.models.checkpoint_files import hub_options, need_file, one_line
from molmo_act.models.strict_loading import refuse_misfits
from molmo_act.segmentation.checks import check_frames, check_points
from molmo_act.segmentation.sam2_sessions import Sam2Sessions
from molmo_act.segmentation.sam2_stream import Sam2Stream
from molmo_act.segmentation.streams import StreamSegmenter
from molmo_act.validation import check_path, wrong


class Sam2Propagator:
    """A `molmo_act.segmentation.propagator.MaskPropagator` that runs SAM 2 or SAM 2.1.

    Args:
        model: The model, on the device where it is to run.

    Attributes:
        model: The same, for inference.
        sessions: How it is run.
    """

    kind: ClassVar[str] = "SAM 2"
    example: ClassVar[str] = "facebook/sam2.1-hiera-tiny"
    model_class: ClassVar[type[PreTrainedModel]] = Sam2VideoModel
    session_class: ClassVar[type] = Sam2VideoInferenceSession

    def __init__(self, model: Sam2VideoModel | EdgeTamVideoModel) -> None:
        self.model = model.eval()
        self.sessions = Sam2Sessions(self.model, self.session_class)

    @classmethod
    def from_pretrained(
        cls, name_or_path: str | os.PathLike[str] | None = None, *, device: str = "cpu"
    ) -> Self:
        """Loads a checkpoint.

        Args:
            name_or_path: Name on the hub, or a folder; None for `example`.
            device: Where the model is to run.

        Returns:
            A propagator with the model.

        Raises:
            CheckpointError: It cannot be loaded.
            InputError: An argument is of the wrong kind, or there is no such device.
            PlatformError: It needs a package that is not installed.
        """
        source = check_path("name_or_path", name_or_path, none=f"for {cls.example}") or cls.example
        try:
            torch.empty(0, device=device)
        except (RuntimeError, TypeError, AssertionError) as exc:
            raise wrong("device", device, "a device of this machine, such as 'cpu' or 'cuda'") from exc
        try:
            hub = hub_options(source, {})
            need_file(source, "config.json", **hub)
            model, info = cls.model_class.from_pretrained(source, output_loading_info=True, **hub)
            learned = {name for name, _ in model.named_parameters()}
            missing = sorted(learned & set(info["missing_keys"]))  # transformers makes random ones
            refuse_misfits(source, {**info, "missing_keys": missing, "unexpected_keys": []})
        except ImportError as exc:
            raise PlatformError(f"{os.fspath(source)!r} needs more packages: {exc}") from exc
        except (OSError, ValueError, RuntimeError, SafetensorError) as exc:  # CheckpointError is a ValueError
            raise CheckpointError(
                f"{os.fspath(source)!r} cannot be loaded as a {cls.kind} video model ({one_line(exc)}). Give "
                f"a checkpoint such as {cls.example!r}, or a folder; propagator 'grabcut' needs none."
            ) from exc
        return cls(model.to(device))

    @torch.inference_mode()
    def __call__(self, frames: Sequence[np.ndarray], xy: np.ndarray) -> np.ndarray:
        """See `molmo_act.segmentation.propagator.MaskPropagator`; frames are encoded once for all objects."""
        frames = check_frames(frames)
        xy = check_points("xy", xy, frames[0])
        size = frames[0].shape[:2]
        sessions = self.sessions
        session = sessions.begin(size, video=torch.stack([sessions.pixels(frame) for frame in frames]))
        for number, point in enumerate(xy, 1):
            sessions.add_point(session, number, 0, point, size)
        session.obj_with_new_inputs = list(range(1, len(xy) + 1))
        outputs = self.model.propagate_in_video_iterator(session, start_frame_idx=0)
        return np.stack([sessions.masks(output, size) for output in outputs], axis=1)

    def stream(self) -> StreamSegmenter:
        """See `molmo_act.segmentation.propagator.StreamingPropagator`."""
        return Sam2Stream(self.sessions)


class EdgeTamPropagator(Sam2Propagator):
    """A `MaskPropagator` that runs EdgeTAM, which is made for small devices (arXiv 2501.07256).

    The vision tower of its released checkpoint is one of timm, which has to be installed, with torchvision.
    """

    kind = "EdgeTAM"
    example = "yonigozlan/EdgeTAM-hf"
    model_class = EdgeTamVideoModel
    session_class = EdgeTamVideoInferenceSession
