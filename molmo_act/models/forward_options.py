"""Refuses options of transformers' `generate` and of a forward pass that have no meaning for this model.

A model keeps what it has read of images from step to step, row by row. What feeds the same ids again, moves
rows or leaves ids out would fail within the model, or answer something else without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from transformers import GenerationConfig
from transformers.utils import TransformersKwargs

from molmo_act.errors import InputError

_ONE_ROW = "every prompt has one answer; give the prompt several times to have several"
_STEPS = "ids are fed once, one at a time"
GENERATE_OPTIONS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "use_cache": (lambda value: value is not False, "what was read of the images is kept; leave it out"),
    "num_beams": (lambda value: value in (None, 1), _ONE_ROW),
    "num_return_sequences": (lambda value: value in (None, 1), _ONE_ROW),
    "guidance_scale": (lambda value: value in (None, 1), "there is no prompt without images beside this one"),
    "inputs_embeds": (lambda value: value is None, "image tokens are found by their ids: give input_ids"),
    **{
        name: (lambda value: value is None, f"{_STEPS}; leave it out")
        for name in (
            "prompt_lookup_num_tokens",
            "assistant_model",
            "assistant_early_exit",
            "prefill_chunk_size",
        )
    },
}
"""Name → whether a value can be used, and why others cannot."""
FORWARD_OPTIONS = {*TransformersKwargs.__annotations__, "cache_position", "return_dict", "cache"}
"""What a forward pass takes beside its named arguments; `generate` gives some of these."""
REFUSED_TRUE = ("output_hidden_states", "output_attentions")


def check_generate_options(given: Mapping[str, Any], config: GenerationConfig | None) -> None:
    """Checks options of `generate`.

    Args:
        given: Its keyword arguments.
        config: Where it looks for those that were not given.

    Raises:
        InputError: Naming the option.
    """
    for name, (can_be_used, reason) in GENERATE_OPTIONS.items():
        value = given[name] if name in given else getattr(config, name, None)
        if not can_be_used(value):
            shown = f"{value!r:.60}" if isinstance(value, (bool, int, float, str)) else type(value).__name__
            raise InputError(f"{name}={shown} was given to generate(), which cannot use it: {reason}.")


def checked_forward_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Checks what a forward pass was given beside its named arguments.

    Args:
        options: What was given, by name.

    Returns:
        Those that the language model takes.

    Raises:
        InputError: There is one that would be ignored.
    """
    if options.get("labels") is not None:
        raise InputError(
            "labels were given, but a forward pass computes no loss: points have losses of their own, in "
            "model/train. Leave labels out, and compute a loss from the logits."
        )
    if options.get("inputs_embeds") is not None:
        raise InputError("inputs_embeds were given; image tokens are found by their ids, so give input_ids.")
    for name in REFUSED_TRUE:
        if options.get(name):
            raise InputError(f"{name}=True was given, but an output has none of these; leave it out.")
    if options.get("return_dict") is False:
        raise InputError("return_dict=False was given; the output has named fields. Leave it out.")
    unknown = sorted(name for name in options if name not in {*FORWARD_OPTIONS, "labels", "inputs_embeds"})
    if unknown:
        raise InputError(
            f"Unknown option {', '.join(unknown)} of a forward pass; expected what the processor gave, and "
            f"some of {', '.join(sorted(FORWARD_OPTIONS))}."
        )
    dropped = {"labels", "inputs_embeds", "return_dict"}
    return {name: value for name, value in options.items() if name not in dropped}
