"""The tokenizer of an exported model: the one of the checkpoint, without transformers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from molmo_act._optional import lazy_import
from molmo_act.embedded.settings import AGAIN, TOKENIZER, ExportSettings
from molmo_act.errors import CheckpointError
from molmo_act.formats.vision_tokens import VISION_TOKENS, VisionTokens, vision_token_ids

_tokenizers: Any = lazy_import("tokenizers", extra="onnx", purpose="running an exported model")


class ExportedTokenizer:
    """Turns text into ids and back; a `molmo_act.formats.protocols.Tokenizer`.

    Args:
        path: ``tokenizer.json``.
        special_tokens: ``bos_token``, ``eos_token`` and ``pad_token``.

    Attributes:
        bos_id: Id that begins a prompt.
        eos_token_id: Id that ends an answer.

    Raises:
        CheckpointError: The file is no tokenizer, or knows no token that ends an answer.
    """

    def __init__(self, path: Path, special_tokens: Mapping[str, str | None]) -> None:
        load = _tokenizers.Tokenizer.from_file
        try:
            self._tokenizer: Any = load(str(path))
        except Exception as error:  # tokenizers raises nothing narrower
            raise CheckpointError(f"{path} is no tokenizer ({error}). {AGAIN}") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        eos = self._id(special_tokens.get("eos_token"))
        if eos is None:
            raise CheckpointError(
                f"{path} has no token {special_tokens.get('eos_token')!r}, which ends answers: it is the "
                f"tokenizer of another model. {AGAIN}"
            )
        bos = self._id(special_tokens.get("bos_token"))
        self.eos_token_id, self.bos_id = eos, eos if bos is None else bos

    def _id(self, token: str | None) -> int | None:
        return None if token is None else self._tokenizer.token_to_id(token)

    @property
    def added_tokens_decoder(self) -> Mapping[int, Any]:
        """Tokens that are read as one wherever they stand, by id."""
        added: Mapping[int, Any] = self._tokenizer.get_added_tokens_decoder()
        return added

    def get_vocab(self) -> Mapping[str, int]:
        """Gives the id of every token."""
        vocabulary: Mapping[str, int] = self._tokenizer.get_vocab()
        return vocabulary

    def encode(self, text: str, *, add_special_tokens: bool) -> Sequence[int]:
        """Turns text into ids, see `molmo_act.formats.protocols.Tokenizer.encode`."""
        ids: Sequence[int] = self._tokenizer.encode(text, add_special_tokens=add_special_tokens).ids
        return ids

    def decode(
        self,
        ids: Sequence[int],
        *,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool = False,
    ) -> str:
        """Turns ids into text; blanks before punctuation stay."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=skip_special_tokens)
        return text


def load_tokenizer(settings: ExportSettings) -> tuple[ExportedTokenizer, VisionTokens[int]]:
    """Loads the tokenizer of an exported model.

    Args:
        settings: The exported model.

    Returns:
        The tokenizer, and the ids of what stands for pixels.

    Raises:
        CheckpointError: The file is no tokenizer, or that of another model.
    """
    path, config = settings.folder / TOKENIZER, settings.config
    tokenizer = ExportedTokenizer(path, settings.special_tokens)
    tokens = vision_token_ids(tokenizer)
    wanted = {
        **{VISION_TOKENS.image_patch: config.image_patch_id},
        **{VISION_TOKENS.low_res_patch: config.image_non_indexable_patch_id},
        **{"<POINT_0>": config.extended_vocab_start, "<|token_index|>": config.patch_token_id},
        **{"<|vit_index|>": config.subpatch_token_id, "<|vit_loc|>": config.location_token_id},
    }
    found = {token: tokenizer.get_vocab().get(token, number) for token, number in wanted.items()}
    if found != wanted:
        raise CheckpointError(
            f"{path} is the tokenizer of another model: it has {', '.join(wanted)} at "
            f"{(*found.values(),)}, the model at {(*wanted.values(),)}. {AGAIN}"
        )
    if len({*wanted.values()}) < len(wanted):
        raise CheckpointError(
            f"The model of {path} has two of {', '.join(wanted)} at the same id: {(*wanted.values(),)}. "
            f"{AGAIN}"
        )
    return tokenizer, tokens
