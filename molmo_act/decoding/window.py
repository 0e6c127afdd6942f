"""Reads the newest frames of a stream: all of them anew, or one more behind a cache. Knows ids, no text.

Released models let all frames of a prompt see one another in both directions. `read_anew` does that, and
costs as much as the window is long. `SlidingPrefix` reads only what is new: it sees the frames before it,
which do not see it, and what the cache holds of a frame still knows of frames that were dropped since. That
costs one frame and is an approximation: `python -m model.benchmarks.keyframes` measures it.

Shape letters: S places of the prompt, W places of one frame, D text width; those of a cache are in `cache`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
        views: What is seen.
    """

    ids_1W: Tensor
    image_1W: Tensor
    views: Views

    @property
    def width(self) -> int:
        """W."""
        return self.ids_1W.shape[1]


@torch.inference_mode()
def read_anew(model: MolmoPointForConditionalGeneration, frames: Sequence[SeenFrame]) -> Prefix:
    """Frames as one prompt, each seeing all of them; only the last one can be pointed at.

    Args:
        model: Who reads.
        frames: In order.
    """
    image_1S = torch.cat([frame.image_1W for frame in frames], dim=1)
    values, x_1SD = read_behind(model, _ids(frames), image_1S, _views(frames))
    return _prefix(model, frames, values, x_1SD)


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
        self._frames: list[SeenFrame] = []
        self._x_1WD: list[Tensor] = []
        self._values: Tensor | None = None

    def __len__(self) -> int:
        """How many frames it holds."""
        return len(self._frames)

    @torch.inference_mode()
    def append(self, frame: SeenFrame) -> Prefix:
        """Reads one more frame, which alone can be pointed at; of too many the oldest but the first goes."""
        if len(self._frames) == self._most:
            self._drop(1)
        values, x_1WD = read_behind(
            self._model, frame.ids_1W, frame.image_1W, frame.views, before=self._values
        )
        self._values = values
        self._frames.append(frame)
        self._x_1WD.append(x_1WD)
        return _prefix(self._model, self._frames, values, torch.cat(self._x_1WD, dim=1))

    def _drop(self, index: int) -> None:
        assert self._values is not None
        start = sum(frame.width for frame in self._frames[:index])
        end = start + self._frames[index].width
        later = self._values[..., end:, :].clone()
        later[0] = rotate(later[0], torch.tensor(start - end, device=later.device), self._theta).to(later)
        self._values = torch.cat((self._values[..., :start, :], later), dim=4)
        del self._frames[index], self._x_1WD[index]


def _prefix(
    model: MolmoPointForConditionalGeneration, frames: Sequence[SeenFrame], values: Tensor, x_1SD: Tensor
) -> Prefix:
    state = model.model.make_state(_ids(frames), x_1SD, _views(frames))
    indexable_BP = state.indexable_BP.clone()
    indexable_BP[:, : -len(frames[-1].views.features_ND)] = False
    return Prefix(values, replace(state, indexable_BP=indexable_BP))


def _ids(frames: Sequence[SeenFrame]) -> Tensor:
    return torch.cat([frame.ids_1W for frame in frames], dim=1)


def _views(frames: Sequence[SeenFrame]) -> Views:
    return Views(*map(torch.cat, zip(*(frame.views for frame in frames), strict=True)))
