"""Follows masks on an endless stream with SAM 2 or EdgeTAM, in constant memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from molmo_act.segmentation.sam2_sessions import Sam2Sessions
from molmo_act.segmentation.streams import StreamPoint

_OBJECT = 1  # its number in its session


class Sam2Stream:
    """A `molmo_act.segmentation.streams.StreamSegmenter` that runs SAM 2.

    Each object has a session of its own, so that objects can be added and dropped at any frame; frames are
    encoded once for all. A grounded object begins anew with the model's point: what SAM 2 remembers of it
    before may have strayed. In between SAM 2 follows it by what it remembers of as many frames as it uses.

    Args:
        sessions: The model.
    """

    def __init__(self, sessions: Sam2Sessions) -> None:
        self._made_by = sessions
        config = sessions.model.config
        self._remembered = max(config.num_maskmem, config.max_object_pointers_in_encoder)
        self.reset()

    def reset(self) -> None:
        """Forgets all frames and objects."""
        self._sessions: dict[int, Any] = {}
        self._frame = 0

    @torch.inference_mode()
    def segment(self, frame: np.ndarray, points: Mapping[int, StreamPoint]) -> dict[int, np.ndarray]:
        """See `molmo_act.segmentation.streams.StreamSegmenter`."""
        size, cache = (frame.shape[0], frame.shape[1]), None
        pixels = self._made_by.pixels(frame) if points else None
        sessions, masks = {}, {}
        for number, point in points.items():
            session = self._sessions.get(number)
            if session is None or point.grounded:
                session = self._made_by.begin(size)
                self._made_by.add_point(session, _OBJECT, self._frame, point.xy, size)
                session.obj_with_new_inputs = [_OBJECT]
            cache = session.cache if cache is None else cache
            session.cache = cache  # the features of this frame, which are the same for all
            [masks[number]] = self._made_by.masks(self._step(session, pixels), size)
            sessions[number] = session
        self._sessions = sessions
        self._frame += 1
        return masks

    def _step(self, session: Any, pixels: Tensor | None) -> Any:
        output = self._made_by.model(session, frame=pixels, frame_idx=self._frame)
        session.processed_frames = {}
        oldest = self._frame - self._remembered
        outputs = session.output_dict_per_obj[0]["non_cond_frame_outputs"]
        for kept in (outputs, session.frames_tracked_per_obj[0]):
            for number in [number for number in kept if number <= oldest]:
                del kept[number]
        return output
