"""Propagates masks along a video with transformers' SAM 2 or EdgeTAM."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import EdgeTamVideoModel, PreTrainedModel, Sam2VideoModel
from transformers.models.edgetam_video.modeling_edgetam_video import EdgeTamVideoInferenceSession
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

from molmo_act.errors import CheckpointError, PlatformError
from molmo_act.segmentation.checks import check_frames, check_point
from molmo_act.validation import check_path, wrong

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the images both were trained on
_INSIDE = 1  # label of a point that lies on the object


class Sam2Propagator:
    """A `molmo_act.segmentation.propagation.MaskPropagator` that runs SAM 2.

    transformers' processor for SAM 2 needs torchvision; the little of it that is needed is here.

    Args:
        model: The model, on the device where it is to run.
    """

    kind: ClassVar[str] = "SAM 2"
    example: ClassVar[str] = "facebook/sam2.1-hiera-tiny"
    model_class: ClassVar[type[PreTrainedModel]] = Sam2VideoModel
    session_class: ClassVar[type] = Sam2VideoInferenceSession

    def __init__(self, model: Sam2VideoModel | EdgeTamVideoModel) -> None:
        self.model = model.eval()

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
            return cls(cls.model_class.from_pretrained(source).to(device))
        except ImportError as exc:
            raise PlatformError(f"{os.fspath(source)!r} needs more packages: {exc}") from exc
        except (OSError, ValueError) as exc:
            raise CheckpointError(
                f"{os.fspath(source)!r} cannot be loaded as a {cls.kind} video model ({exc}). Give a "
                f"checkpoint such as {cls.example!r}, or a folder."
            ) from exc

    @property
    def side(self) -> int:
        """Side in pixels of the square that the model sees."""
        size = self.model.config.prompt_encoder_config.image_size
        return int(size if isinstance(size, int) else size[0])

    @torch.inference_mode()
    def __call__(self, frames: Sequence[np.ndarray], xy: np.ndarray) -> np.ndarray:
        """See `molmo_act.segmentation.propagation.MaskPropagator`."""
        frames = check_frames(frames)
        xy = check_point("xy", xy, frames[0])
        height, width = frames[0].shape[:2]
        device, dtype = self.model.device, self.model.dtype
        session = self.session_class(
            video=torch.stack([self._pixels(frame) for frame in frames]),
            video_height=height,
            video_width=width,
            inference_device=device,
            inference_state_device=device,
            dtype=dtype,
        )
        at = torch.tensor([xy[0] / width, xy[1] / height], dtype=dtype) * self.side
        inputs = {
            "point_coords": at.reshape(1, 1, 1, 2),
            "point_labels": torch.full((1, 1, 1), _INSIDE, dtype=torch.int32),
        }
        session.add_point_inputs(session.obj_id_to_idx(1), 0, inputs)
        session.obj_with_new_inputs = [1]
        outputs = self.model.propagate_in_video_iterator(session, start_frame_idx=0)
        masks = [
            F.interpolate(found.pred_masks.float(), (height, width), mode="bilinear", align_corners=False)[
                0, 0
            ]
            > 0
            for found in outputs
        ]
        return torch.stack(masks).cpu().numpy()

    def _pixels(self, frame: np.ndarray) -> Tensor:
        """float32 (3, side, side), normalised, of uint8 RGB (H, W, 3)."""
        image = torch.from_numpy(np.array(frame, order="C")).permute(2, 0, 1)[None].float() / 255
        square = F.interpolate(
            image, (self.side, self.side), mode="bilinear", antialias=True, align_corners=False
        )
        mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
        return (square[0] - mean) / deviation


class EdgeTamPropagator(Sam2Propagator):
    """A `MaskPropagator` that runs EdgeTAM, which is made for small devices (arXiv 2501.07256).

    The vision tower of its released checkpoint is one of timm, which has to be installed, with torchvision.
    """

    kind = "EdgeTAM"
    example = "yonigozlan/EdgeTAM-hf"
    model_class = EdgeTamVideoModel
    session_class = EdgeTamVideoInferenceSession
