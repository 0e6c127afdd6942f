"""The tokenizer of an export gives the ids and the texts of transformers' own."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from molmo_act.embedded.settings import read_settings
from molmo_act.embedded.tokenizer import ExportedTokenizer, load_tokenizer
from molmo_act.errors import CheckpointError
from molmo_act.formats.grounding_tokens import AnswerGrammar
from tests.support.embedded import write_export
from tests.support.tiny_checkpoint import tiny_model, tiny_processor


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = write_export(tiny_model(), tiny_processor(), tmp_path_factory.mktemp("export"))
    return read_settings(folder), *load_tokenizer(read_settings(folder))


@pytest.mark.parametrize(
    "text", ["", "the red mug", "Ünal 漢字 🙂", "<|im_end|>\n", '<points coords="', " 12  x"]
)
def test_ids_and_texts_are_those_of_transformers(loaded, text):
    _, ours, _ = loaded
    theirs = tiny_processor().tokenizer
    ids = theirs.encode(text, add_special_tokens=False)
    assert ours.encode(text, add_special_tokens=False) == ids
    for start in (0, tiny_model().config.extended_vocab_start):
        tokens = [*ids, start + 3]
        kept = {"skip_special_tokens": False, "clean_up_tokenization_spaces": False}
        assert ours.decode(tokens, **kept) == theirs.decode(tokens, **kept)


def test_grammar_and_control_tokens_are_those_of_transformers(loaded):
    _, ours, tokens = loaded
    theirs = tiny_processor().tokenizer
    assert AnswerGrammar.of(ours).opening == AnswerGrammar.of(theirs).opening
    assert AnswerGrammar.of(ours).after_points("the mug") == AnswerGrammar.of(theirs).after_points("the mug")
    assert (ours.eos_token_id, ours.bos_id) == (theirs.eos_token_id, tiny_processor().bos_id)
    assert {token.content for token in ours.added_tokens_decoder.values()} == {
        token.content for token in theirs.added_tokens_decoder.values()
    }
    assert tokens == tiny_processor().vision_ids


def test_tokenizers_of_other_models_are_refused(loaded):
    settings, *_ = loaded
    config = SimpleNamespace(**{**vars(settings.config), "extended_vocab_start": 7})
    other = SimpleNamespace(folder=settings.folder, special_tokens=settings.special_tokens, config=config)
    with pytest.raises(CheckpointError, match="is the tokenizer of another model: it has <im_patch>"):
        load_tokenizer(other)
    # which would give no point at all
    other.config = replace(settings.config, patch_token_id=settings.config.subpatch_token_id)
    with pytest.raises(
        CheckpointError, match=r"is the tokenizer of another model: it has <im_patch>, .*<.vit_loc"
    ):
        load_tokenizer(other)
    with pytest.raises(CheckpointError, match="has no token '<end>', which ends answers"):
        ExportedTokenizer(settings.folder / "tokenizer.json", {"eos_token": "<end>"})


def test_what_is_no_tokenizer_is_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text("{}")
    with pytest.raises(CheckpointError, match="is no tokenizer"):
        ExportedTokenizer(path, {"eos_token": "<|im_end|>"})
