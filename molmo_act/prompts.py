"""What models are asked, in the released words, and what the processor makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from molmo_act.pointing_model import PointingModel

POINT, TRACK = "Point to {}", "Track {}"  # the words of the released model cards


def user_message(*content: dict[str, Any]) -> dict[str, Any]:
    """A turn of the user, of texts, images and videos."""
    return {"role": "user", "content": list(content)}


def inputs_of(
    model: PointingModel, messages: Sequence[list[dict[str, Any]]], **options: Any
) -> dict[str, Any]:
    """Conversations as tensors on the model's device, with their pointing metadata.

    Args:
        model: Who is asked.
        messages: A list for each conversation.
        options: Of the processor; None leaves its own setting.
    """
    inputs = model.processor.apply_chat_template(
        messages,
        tokenize=True,
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
        return_pointing_metadata=True,
        device=model.model.device,
        **{name: value for name, value in options.items() if value is not None},
    )
    return {
        name: value.to(model.model.device) if isinstance(value, torch.Tensor) else value
        for name, value in inputs.items()
    }
