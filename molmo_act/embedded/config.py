"""The part of a model's configuration that running it without torch takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from molmo_act.embedded.stated import Stated
from molmo_act.errors import InputError
from molmo_act.validation import check_number

_LOCATION_GRIDS = {"3x3": 9}
_MASK_TIMES = ("always", "inference", "never")
_TEMPORAL_KINDS = ("attention", "addition", "concatenation")
_IDS = (
    *("image_patch_id", "image_non_indexable_patch_id"),
    *("patch_token_id", "subpatch_token_id", "location_token_id"),
)
_MOST_LAYERS = 1024


@dataclass(frozen=True)
class TextConfig:
    """Shape of the language model.

    Attributes:
        hidden_size: Width D.
        num_hidden_layers: Layers of the cache.
        num_key_value_heads: Heads of the cache.
        head_dim: Width of a head of the cache.
        max_position_embeddings: Most tokens of prompt and answer.
    """

    hidden_size: int
    num_hidden_layers: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int

    @classmethod
    def of(cls, text: Stated) -> TextConfig:
        """Reads the shape.

        Args:
            text: What is said of the language model.

        Returns:
            The shape.

        Raises:
            InputError: A size is missing, or no size.
        """
        width, heads = text.whole("hidden_size"), text.whole("num_attention_heads")
        if text.said.get("head_dim") is not None:
            head = text.whole("head_dim")
        elif width % heads:
            raise InputError(f"{text.name} says a hidden_size of {width} for {heads} num_attention_heads.")
        else:
            head = width // heads
        return cls(
            hidden_size=width,
            num_hidden_layers=text.whole("num_hidden_layers", most=_MOST_LAYERS),
            num_key_value_heads=text.whole("num_key_value_heads"),
            head_dim=head,
            max_position_embeddings=text.whole("max_position_embeddings"),
        )


@dataclass(frozen=True)
class ModelConfig:
    """The part of ``config.json`` that running an exported model takes, see `MolmoPointConfig`."""

    text_config: TextConfig
    extended_vocab_start: int
    num_locations: int
    no_more_points_class: bool
    image_patch_id: int
    image_non_indexable_patch_id: int
    patch_token_id: int
    subpatch_token_id: int
    location_token_id: int
    mask_repeats: str | None
    mask_patches: str | None
    mask_subpatches: str | None
    score_temperature: float | None
    score_curve: list[float] | None
    absent_curve: list[float] | None
    temporal_module: str | None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> ModelConfig:
        """Reads a configuration.

        Args:
            said: Content of ``config.json``.

        Returns:
            The part that is needed.

        Raises:
            InputError: A value is missing, of another type, or out of range; the message names it.
        """
        stated = Stated(said, "config")
        text = stated.part("text_config")
        words = text.whole("vocab_size") + text.whole("additional_vocab_size", least=0)
        grid = stated.choice("patch_location", _LOCATION_GRIDS)
        return cls(
            text_config=TextConfig.of(text),
            extended_vocab_start=words,
            num_locations=_LOCATION_GRIDS[grid],
            no_more_points_class=stated.flag("no_more_points_class"),
            score_temperature=stated.divisor("score_temperature"),
            score_curve=_curve(stated, "score_curve"),
            absent_curve=_curve(stated, "absent_curve"),
            temporal_module=_word(stated, "temporal_module", _TEMPORAL_KINDS),
            **{name: stated.whole(name, least=0, most=words - 1) for name in _IDS},
            mask_repeats=_word(stated, "mask_repeats", _MASK_TIMES),
            mask_patches=_word(stated, "mask_patches", _MASK_TIMES),
            mask_subpatches=_word(stated, "mask_subpatches", _MASK_TIMES),
        )


def _word(stated: Stated, key: str, known: Collection[str]) -> str | None:
    return None if stated.said.get(key) is None else stated.choice(key, known)


def _curve(stated: Stated, key: str) -> list[float] | None:
    """Slope, above 0, and offset of `molmo_act.calibration`."""
    if stated.said.get(key) is None:
        return None
    slope, offset = stated.numbers(key, 2)
    check_number(stated.place(key), slope, above=0, what="a slope")
    return [slope, offset]
