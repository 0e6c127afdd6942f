"""Messages of a conversation, and what the processor makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from molmo_act.pointing.runtime import PointingRuntime

Message = dict[str, Any]
"""One turn of a conversation, as chat templates of transformers take it."""


def user_message(*content: dict[str, Any]) -> Message:
    """Makes a turn of the user.

    Args:
        content: Its parts in order, such as ``{"type": "text", "text": "Point to the mug"}``.

    Returns:
        The message.
    """
    return {"role": "user", "content": list(content)}


def assistant_message(text: str) -> Message:
    """Makes a turn of the model.

    Args:
        text: What it answered.

    Returns:
        The message.
    """
    return {"role": "assistant", "content": text}


def text_part(text: str, style: str | None = None) -> dict[str, Any]:
    """Makes the part of a message that is text.

    Args:
        text: What it says.
        style: Name of the data set, or of the kind of question, that models were trained to be told, such as
            "chart_qa"; the chat template writes it before the text where it is to be written.

    Returns:
        The part.
    """
    return {"type": "text", "text": text} | ({} if style is None else {"style": style})


def prepare_inputs(
    runtime: PointingRuntime, conversations: Sequence[list[Message]], **options: Any
) -> dict[str, Any]:
    """Turns conversations into the model's inputs.

    Args:
        runtime: The model that is asked, and its processor.
        conversations: Messages of each prompt of the batch.
        options: Keyword arguments of the processor, such as ``max_crops``; None leaves its own setting.

    Returns:
        Tensors on the model's device, by the names that the model takes them; and ``metadata``, a list with
        the processor's pointing metadata of each prompt.
    """
    runtime.check_process()
    inputs = runtime.processor.apply_chat_template(
        conversations,
        tokenize=True,
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
        return_pointing_metadata=True,
        device=runtime.device,
        **{name: value for name, value in options.items() if value is not None},
    )
    return {
        name: value.to(runtime.device) if isinstance(value, torch.Tensor) else value
        for name, value in inputs.items()
    }
