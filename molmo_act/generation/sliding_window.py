"""Reads the newest frames of a stream: the whole window anew, or one more frame behind a cache.

Released models let all frames of a prompt attend to one another in both directions. `prefill_window` does
that, and costs as much as the window is long. `SlidingPrefix` reads only what is new: a frame attends to the
frames before it, which do not attend to it, and what the cache holds of a frame still depends on frames that
were dropped since. That costs one frame and is an approximation: `python -m model.benchmarks.sliding_window`
measures it.

Only the newest frame can be pointed at: patches of an answer are numbered within it, and alone compete.

Shape letters: W positions of one frame, N its image tokens, D text width; those of a cache are in `kv_cache`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from molmo_act.errors import InputError
from molmo_act.generation.prefill import Prefix, extend_prefix
from molmo_act.models.molmo_point.core import ImageFeatures
from molmo_act.models.molmo_point.grounding_head import rotate
from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration


@dataclass(frozen=True, eq=False)
class EncodedFrame:
    """A frame that the vision tower has encoded, as it stands in the prompt.

    Attributes:
        ids_1W: Its ids: time, image tokens and their marks; for the first frame also what begins a prompt.
        image_1W: bool, which of them attend to one another in both directions.
        features_ND: Connector output for its image tokens.
    """

    ids_1W: Tensor
    image_1W: Tensor
    features_ND: Tensor

    @property
    def size(self) -> tuple[int, int]:
        """W and N."""
        return self.ids_1W.shape[1], len(self.features_ND)


@torch.inference_mode()
def prefill_window(
    model: MolmoPointForConditionalGeneration, frames: Sequence[EncodedFrame], views: ImageFeatures
) -> Prefix:
    """Reads frames as one prompt, in which each attends to all of them.

    Args:
        model: MolmoPoint.
        frames: The frames, in order.
        views: Encoded crops of the last one, which can be pointed at.

    Returns:
        A prefix for questions about the last frame.
    """
    ids_1S, image_1S = (
        torch.cat([getattr(one, name) for one in frames], 1) for name in ("ids_1W", "image_1W")
    )
    features_ND = torch.cat([frame.features_ND for frame in frames])
    values, x_1SD = extend_prefix(model, ids_1S, image_1S, features_ND)
    width, patches = frames[-1].size
    return Prefix(
        values,
        model.model.make_state(
            ids_1S[:, -width:], x_1SD[:, -width:], views, earlier=len(features_ND) - patches
        ),
    )


class SlidingPrefix:
    """The first frame of a stream and the newest ones, each read once.

    A frame that is dropped leaves no gap: the keys behind it are rotated back by as many positions as it had
    (rotary angles add up), so that positions never grow beyond those of a full window. The first frame stays:
    models lean on the beginning of a prompt (Xiao et al. 2023, "Efficient Streaming Language Models with
    Attention Sinks").

    Args:
        model: MolmoPoint.
        frames: Most frames to hold, the first one among them; at least 2.

    Raises:
        InputError: The model's rotary angles do not simply add up, or `frames` is below 2.
    """

    def __init__(self, model: MolmoPointForConditionalGeneration, frames: int) -> None:
        rope = model.config.text_config.rope_parameters
        if rope.get("rope_type", "default") != "default":
            raise InputError(
                f"The model has rotary angles of type {rope['rope_type']!r}, whose keys cannot be moved; "
                "expected 'default'. Use window_mode='full'."
            )
        if frames < 2:
            raise InputError(f"A window of {frames} frames cannot slide; expected at least 2.")
        self._model, self._max_frames, self._theta = model, frames, float(rope["rope_theta"])
        self._sizes: list[tuple[int, int]] = []
        self._values: Tensor | None = None

    def __len__(self) -> int:
        """Number of frames it holds."""
        return len(self._sizes)

    @torch.inference_mode()
    def append(self, frame: EncodedFrame, views: ImageFeatures) -> Prefix:
        """Reads one more frame; when the window is full, the oldest one but the first is dropped.

        Args:
            frame: The newest frame.
            views: Its encoded crops, which can be pointed at.

        Returns:
            A prefix for questions about this frame.
        """
        if len(self) == self._max_frames:
            self._drop(1)
        values, x_1WD = extend_prefix(
            self._model, frame.ids_1W, frame.image_1W, frame.features_ND, before=self._values
        )
        earlier = sum(patches for _, patches in self._sizes)
        self._values = values
        self._sizes.append(frame.size)
        return Prefix(values, self._model.model.make_state(frame.ids_1W, x_1WD, views, earlier))

    def _drop(self, index: int) -> None:
        assert self._values is not None
        start = sum(width for width, _ in self._sizes[:index])
        end = start + self._sizes.pop(index)[0]
        later = self._values[..., end:, :].clone()
        later[0] = rotate(later[0], torch.tensor(start - end, device=later.device), self._theta).to(later)
        self._values = torch.cat((self._values[..., :start, :], later), dim=4)
