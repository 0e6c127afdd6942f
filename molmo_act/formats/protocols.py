"""What the formats need of a tokenizer and of a configuration: of transformers' classes or of an export's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Tokenizer(Protocol):
    """Turns text into ids and back, as the tokenizers of transformers do."""

    @property
    def eos_token_id(self) -> Any:
        """Id that ends an answer."""

    @property
    def added_tokens_decoder(self) -> Mapping[int, Any]:
        """Tokens that are read as one wherever they stand, with their text as ``content``, by id."""

    def get_vocab(self) -> Mapping[str, int]:
        """Gives the id of every token."""

    def encode(self, text: str, *, add_special_tokens: bool) -> Sequence[int]:
        """Turns text into ids.

        Args:
            text: The text; control tokens in it become their ids.
            add_special_tokens: Whether to frame it as a prompt.
        """

    def decode(
        self, ids: Any, *, skip_special_tokens: bool = ..., clean_up_tokenization_spaces: bool = ...
    ) -> str:
        """Turns ids into text.

        Args:
            ids: The ids; unknown ones give nothing.
            skip_special_tokens: Whether control tokens are left out.
            clean_up_tokenization_spaces: Whether blanks before punctuation go.
        """


class GroundingConfig(Protocol):
    """The part of a model's configuration that says which ids its points are made of."""

    @property
    def extended_vocab_start(self) -> int:
        """First id behind the ordinary vocabulary."""

    @property
    def num_locations(self) -> int:
        """Number of locations inside one ViT patch."""

    @property
    def no_more_points_class(self) -> bool:
        """Whether "no more points" competes with the patches."""


class DecodingConfig(GroundingConfig, Protocol):
    """The part of a model's configuration that says how its answers are decoded."""

    @property
    def mask_repeats(self) -> str | None:
        """When no point may come twice: "always", "inference" or "never"."""

    @property
    def mask_patches(self) -> str | None:
        """When a patch may not lie before the last one."""

    @property
    def mask_subpatches(self) -> str | None:
        """When a subpatch may not lie before the last one of its patch."""


class PointConfig(DecodingConfig, Protocol):
    """The part of a model's configuration that says how points are fed and scored."""

    @property
    def patch_token_id(self) -> int:
        """Word that patches are fed as."""

    @property
    def subpatch_token_id(self) -> int:
        """Word that stands for subpatches."""

    @property
    def location_token_id(self) -> int:
        """Word that locations are fed as."""

    @property
    def score_temperature(self) -> float | None:
        """Divisor of scores of patches; None for the scores as the model gives them."""
