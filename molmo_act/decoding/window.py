"""Reads the newest frames of a stream: all of them anew, or one more behind a cache. Knows ids, no text.

Released models let all frames of a prompt see one another in both directions. `read_anew` does that, and
costs as much as the window is long. `SlidingPrefix` reads only what is new: it sees the frames before it,
which do not see it, and what the cache holds of a frame still knows of frames that were dropped since. That
costs one frame and is an approximation: `python -m model.benchmarks.keyframes` measures it.

Only the newest frame can be pointed at: patches of an answer are numbered within it, and alone compete.

Shape letters: W places of one frame, N its image tokens, D text width; those of a cache are in `cache`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from molmo_act.decoding.prefill import Prefix, read_behind
from molmo_act.errors import InputError
from molmo_act.modeling.core import Views
from molmo_act.modeling.grounding_head import rotate
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration


@dataclass(frozen=True, eq=False)
class SeenFrame:
    """A frame that the vision tower has looked at, as it stands in the prompt.

    Attributes:
        ids_1W: Its ids: time, image tokens and their marks; of the first one also what begins a prompt.
        image_1W: bool, which of them see one another in both directions.
        features_ND: What the language model is given for its image tokens.
    """

    ids_1W: Tensor
    image_1W: Tensor
    features_ND: Tensor

    @property
    def extent(self) -> tuple[int, int]:
        """W and N."""
        return self.ids_1W.shape[1], len(self.features_ND)


@torch.inference_mode()
def read_anew(model: MolmoPointForConditionalGeneration, frames: Sequence[SeenFrame], views: Views) -> Prefix:
    """Frames as one prompt, each seeing all of them.

    Args:
        model: Who reads.
        frames: In order.
        views: The last one.
    """
    ids_1S, image_1S = (
        torch.cat([getattr(one, name) for one in frames], 1) for name in ("ids_1W", "image_1W")
    )
    features_ND = torch.cat([frame.features_ND for frame in frames])
    values, x_1SD = read_behind(model, ids_1S, image_1S, features_ND)
    width, patches = frames[-1].extent
    return Prefix(
        values,
        model.model.make_state(
            ids_1S[:, -width:], x_1SD[:, -width:], views, earlier=len(features_ND) - patches
        ),
    )


class SlidingPrefix:
    """The first frame and the newest ones, each read once.

    A frame that is dropped leaves no gap: the keys behind it are turned back by as many places as it had
    (rotary angles add up), so that positions never grow beyond those of a full window. The first frame stays:
    models lean on the beginning of a prompt (Xiao et al. 2023, "Efficient Streaming Language Models with
    Attention Sinks").

    Args:
        model: Who reads.
        frames: How many it holds at most, the first one among them; at least 2.

    Raises:
        InputError: The model's rotary angles do not simply add up, or `frames` is below 2.
    """

    def __init__(self, model: MolmoPointForConditionalGeneration, frames: int) -> None:
        rope = model.config.text_config.rope_parameters
        if rope.get("rope_type", "default") != "default":
            raise InputError(
                f"The model has rotary angles of type {rope['rope_type']!r}, whose keys cannot be moved; "
                "expected 'default'. Use reading='exact'."
            )
        if frames < 2:
            raise InputError(f"A window of {frames} frames cannot slide; expected at least 2.")
        self._model, self._most, self._theta = model, frames, float(rope["rope_theta"])
        self._extents: list[tuple[int, int]] = []
        self._values: Tensor | None = None

    def __len__(self) -> int:
        """How many frames it holds."""
        return len(self._extents)

    @torch.inference_mode()
    def append(self, frame: SeenFrame, views: Views) -> Prefix:
        """Reads one more frame, whose `views` are given too; of too many the oldest but the first goes."""
        if len(self) == self._most:
            self._drop(1)
        values, x_1WD = read_behind(
            self._model, frame.ids_1W, frame.image_1W, frame.features_ND, before=self._values
        )
        earlier = sum(patches for _, patches in self._extents)
        self._values = values
        self._extents.append(frame.extent)
        return Prefix(values, self._model.model.make_state(frame.ids_1W, x_1WD, views, earlier))

    def _drop(self, index: int) -> None:
        assert self._values is not None
        start = sum(width for width, _ in self._extents[:index])
        end = start + self._extents.pop(index)[0]
        later = self._values[..., end:, :].clone()
        later[0] = rotate(later[0], torch.tensor(start - end, device=later.device), self._theta).to(later)
        self._values = torch.cat((self._values[..., :start, :], later), dim=4)
