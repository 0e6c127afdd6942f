"""The classes of transformers have what the formats ask of them."""

from __future__ import annotations

from molmo_act.formats.protocols import GroundingConfig, Tokenizer
from tests.support.tiny_checkpoint import tiny_model, tiny_processor


def members(protocol: type) -> set[str]:
    return {name for name in vars(protocol) if not name.startswith("_")}


def test_tokenizer_and_configuration_of_transformers_have_all_members():
    tokenizer, config = tiny_processor().tokenizer, tiny_model().config
    assert members(Tokenizer) == {"added_tokens_decoder", "decode", "encode", "eos_token_id", "get_vocab"}
    assert [name for name in members(Tokenizer) if not hasattr(tokenizer, name)] == []
    assert [name for name in members(GroundingConfig) if not hasattr(config, name)] == []
