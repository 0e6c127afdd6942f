"""Runs SAM 2 or EdgeTAM of transformers: frames and points in, masks out.

transformers' processor for them needs torchvision; the little of it that is needed is here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the images both were trained on
_INSIDE = 1  # label of a point that lies on the object


class Sam2Sessions:
    """Sessions of a model, each of which knows the objects of one video.

    Args:
        model: The model, on the device where it is to run.
        session_class: Class of its sessions.
    """

    def __init__(self, model: PreTrainedModel, session_class: type) -> None:
        self.model, self.session_class = model, session_class

    @property
    def side(self) -> int:
        """Side in pixels of the square that the model sees."""
        size = self.model.config.prompt_encoder_config.image_size
        return int(size if isinstance(size, int) else size[0])

    def begin(self, size: tuple[int, int], video: Tensor | None = None) -> Any:
        """Begins a session of the model.

        Args:
            size: (height, width) of the frames in pixels.
            video: float32 (T, 3, side, side), see `pixels`; None for a stream.

        Returns:
            The session, without an object.
        """
        return self.session_class(
            video=video,
            video_height=size[0],
            video_width=size[1],
            inference_device=self.model.device,
            inference_state_device=self.model.device,
            dtype=self.model.dtype,
        )

    def add_point(self, session: Any, number: int, frame: int, xy: np.ndarray, size: tuple[int, int]) -> None:
        """Names an object of a session by a point.

        Args:
            session: See `begin`.
            number: Number of the object.
            frame: Number of the frame.
            xy: (2,), in pixels of the frame.
            size: (height, width) of the frame in pixels.
        """
        dtype = self.model.dtype
        at = torch.tensor([xy[0] / size[1], xy[1] / size[0]], dtype=dtype) * self.side
        inputs = {
            "point_coords": at.reshape(1, 1, 1, 2),
            "point_labels": torch.full((1, 1, 1), _INSIDE, dtype=torch.int32),
        }
        session.add_point_inputs(session.obj_id_to_idx(number), frame, inputs)

    def masks(self, output: Any, size: tuple[int, int]) -> np.ndarray:
        """Reads what the model found on a frame.

        Args:
            output: What the model gave.
            size: (height, width) of the frame in pixels.

        Returns:
            bool (N, H, W), of the session's objects.
        """
        logits = output.pred_masks.float()
        found = F.interpolate(logits, size, mode="bilinear", align_corners=False)[:, 0] > 0
        masks: np.ndarray = found.cpu().numpy()
        return masks

    def pixels(self, frame: np.ndarray) -> Tensor:
        """Prepares a frame.

        Args:
            frame: uint8 RGB (H, W, 3).

        Returns:
            float32 (3, side, side), normalised.
        """
        image = torch.from_numpy(np.array(frame, order="C")).permute(2, 0, 1)[None].float() / 255
        square = F.interpolate(
            image, (self.side, self.side), mode="bilinear", antialias=True, align_corners=False
        )
        mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
        return (square[0] - mean) / deviation
