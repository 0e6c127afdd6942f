"""Sorts and checks the options of calling a processor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from molmo_act.errors import InputError
from molmo_act.validation import wrong

IMAGE_OPTIONS = ("max_crops",)
VIDEO_OPTIONS = ("num_frames", "max_fps", "do_sample_frames", "start", "end")
OPTION_GROUPS = ("common_kwargs", "text_kwargs", "images_kwargs", "videos_kwargs")
"""Names under which transformers takes options of a call in groups."""
TOKENIZER_OPTIONS = (
    *("truncation", "max_length", "stride", "padding_side", "add_special_tokens", "pad_to_multiple_of"),
    *("return_assistant_tokens_mask", "return_offsets_mapping", "return_overflowing_tokens", "return_length"),
)
"""Options of tokenizers that a processor has no use for; named so that they are refused, not ignored."""
CALL_OPTIONS = (
    *TOKENIZER_OPTIONS,
    *("images", "videos", "video_metadata", "padding", "return_pointing_metadata", "device"),
    *(*IMAGE_OPTIONS, *VIDEO_OPTIONS, *OPTION_GROUPS),
    "fps",  # of a video; named here so that it is refused, where a chat template would take no notice of it
)
"""Options that are of the call, and not variables of a chat template."""


def sort_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sorts options to those for images and those for videos.

    Args:
        options: What was given, by name.

    Returns:
        Options for images, and options for videos.

    Raises:
        InputError: There is one that nobody reads.
    """
    if "fps" in options:
        raise InputError(
            "fps was given as an option; the frames per second of a video stand beside it in the message, or "
            "in video_metadata, and max_fps says how many are looked at."
        )
    known = {*IMAGE_OPTIONS, *VIDEO_OPTIONS}
    unknown = [name for name in options if name not in known]
    if unknown:
        raise InputError(f"Unknown option {', '.join(unknown)}; expected some of {', '.join(sorted(known))}.")
    images = {name: options[name] for name in IMAGE_OPTIONS if name in options}
    return images, {name: options[name] for name in VIDEO_OPTIONS if name in options}


def checked_group(name: str, group: object) -> dict[str, Any]:
    """Checks a group of options.

    Args:
        name: What the caller calls it.
        group: What was given; None for none.

    Returns:
        The options by name.

    Raises:
        InputError: It is no mapping of names.
    """
    if group is None:
        return {}
    if not isinstance(group, Mapping) or not all(isinstance(key, str) for key in group):
        raise wrong(name, group, "options by name, such as {'max_crops': 4}")
    return dict(group)


def checked_device(device: object) -> torch.device | None:
    """Checks where tensors are wanted.

    Args:
        device: What was given; None for where they are.

    Returns:
        The device.

    Raises:
        InputError: It names none.
    """
    if device is None or isinstance(device, torch.device):
        return device
    try:
        return torch.device(device)  # type: ignore[call-overload,no-any-return]
    except (RuntimeError, TypeError) as exc:
        raise wrong("device", device, "a device of torch, such as 'cpu' or 'cuda:0'") from exc
