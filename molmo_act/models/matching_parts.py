"""Checks that the parts of a checkpoint are of one model: its ids those of its tokenizer, its patches alike.

Each of its files may be whole by itself. What does not go together fails at the first answer only, or answers
with other points.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator

from transformers import PreTrainedModel

from molmo_act.errors import CheckpointError
from molmo_act.formats.vision_tokens import VISION_TOKENS
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor

TOKENS = {
    "image_patch_id": VISION_TOKENS.image_patch,
    "image_start_token_id": VISION_TOKENS.image_start,
    "image_end_token_id": VISION_TOKENS.image_end,
    "image_col_id": VISION_TOKENS.image_column,
    "image_non_indexable_patch_id": VISION_TOKENS.low_res_patch,
    "frame_start_token_id": VISION_TOKENS.frame_start,
    "frame_end_token_id": VISION_TOKENS.frame_end,
    "patch_token_id": "<|token_index|>",
    "subpatch_token_id": "<|vit_index|>",
    "location_token_id": "<|vit_loc|>",
}
"""Keys of config.json → the tokens that they are the ids of."""


def check_parts(
    source: str | os.PathLike[str], model: PreTrainedModel, processor: MolmoPointProcessor
) -> None:
    """Refuses a model and a processor that do not go together.

    Args:
        source: Where both were loaded from.
        model: The model.
        processor: The processor.

    Raises:
        CheckpointError: Naming the key of config.json and what is expected of it.
    """
    settings = getattr(model, "generation_config", None)
    for key in ("eos_token_id", "bos_token_id", "pad_token_id"):
        _check_ids(source, key, getattr(settings, key, None), _rows(model))
    problem = next(_problems(model, processor), None)
    if problem is not None:
        raise CheckpointError(
            f"config.json of {os.fspath(source)!r} says {problem}. Fetch config.json and the files of the "
            "processor again, all of one checkpoint."
        )


def _rows(model: PreTrainedModel) -> int:
    """How many words a model has."""
    text = model.config.text_config
    return int(text.vocab_size + getattr(text, "additional_vocab_size", 0))


def _check_ids(source: str | os.PathLike[str], key: str, said: object, rows: int) -> None:
    """Refuses ids that `generate` would end an answer at, or fill one up with, and that no word has."""
    ids = said if isinstance(said, (list, tuple)) else [said]
    if said is not None and not all(type(each) is int and 0 <= each < rows for each in ids):
        raise CheckpointError(
            f"generation_config.json of {os.fspath(source)!r} says {key!r}: {said!r:.100}; expected ids from "
            f"0 to {rows - 1}, as the model has {rows} words. Fetch the file again."
        )


def _problems(model: PreTrainedModel, processor: MolmoPointProcessor) -> Iterator[str]:
    config, vocabulary = model.config, processor.tokenizer.get_vocab()
    rows = _rows(model)
    seen: dict[int, str] = {}
    for key, token in TOKENS.items():
        number = getattr(config, key, None)
        if number is None:
            continue
        if token in vocabulary and number != vocabulary[token]:
            yield f"{key!r}: {number}, but {token} is {vocabulary[token]} in tokenizer.json"
        if not 0 <= number < rows:
            yield f"{key!r}: {number}; expected an id from 0 to {rows - 1}, as the model has {rows} words"
        if number in seen:
            yield f"{key!r}: {number}, which is {seen[number]!r} already"
        seen[number] = key
    for token, number in _vision_tokens(processor):
        if not 0 <= number < rows:
            yield f"that the model has {rows} words, but {token} is {number} in tokenizer.json"
    patch, sides = config.vision_config.patch_size, config.vision_config.image_size
    height, width = (sides, sides) if isinstance(sides, int) else sides
    biases = getattr(config.adapter_config, "positional_embeddings", None)
    for part in processor.media_processors:
        if part.patch_size != patch:
            yield f"that patches are of {patch} pixels, but {part.config_file} of {part.patch_size}"
        if (part.crop_size, part.crop_size) != (height, width):
            yield f"that crops are of {height}×{width} pixels, but {part.config_file} of {part.crop_size}"
        slots = math.prod(part.pooling_size)
        if biases is not None and slots > biases:
            yield f"that windows are of {biases} patches, but {part.config_file} of {slots}"


def _vision_tokens(processor: MolmoPointProcessor) -> Iterator[tuple[str, int]]:
    """Tokens that stand for pixels, with their ids in the tokenizer."""
    return zip(VISION_TOKENS.all(), processor.vision_ids.all(), strict=True)
