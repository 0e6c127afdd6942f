"""Checkpoints of random weights load as users load theirs, and are gone afterwards."""

from __future__ import annotations

import pytest
import torch

import molmo_act
from model.benchmarks import _random_checkpoints
from model.benchmarks._random_checkpoints import NANO, checkpoint, grammar_of, write_checkpoint
from model.benchmarks._random_models import Shape, config_of, tiny
from molmo_act.models.molmo_point import MolmoPointProcessor
from molmo_act.pointing.load import NANO as NANO_FOLDER


def test_nano_is_the_bundled_one():
    with checkpoint(NANO, torch.float32) as folder:
        assert folder is None


def test_a_checkpoint_is_loaded_and_removed(monkeypatch):
    text, vision = Shape(64, 2, 1, 32, 96, 2), Shape(48, 2, 2, 24, 96, 4)
    tiny = {"tiny": lambda: config_of(8192, text, vision, 128)}
    monkeypatch.setattr(_random_checkpoints, "SIZES", tiny)
    with checkpoint("tiny", torch.bfloat16) as folder:
        model = molmo_act.load(folder, device="cpu")
        assert model.model.config.text_config.hidden_size == 64
        assert len(set(grammar_of(model).numbers)) == 1
    assert not folder.exists()


def test_a_size_nobody_knows_is_none():
    with pytest.raises(KeyError), checkpoint("huge", torch.float32):
        pass


def test_a_checkpoint_has_as_many_words_as_its_model(tmp_path):
    """Else an export takes the tokenizer for that of another model."""
    write_checkpoint("tiny", torch.float32, tmp_path)
    tokenizer, nano = (
        MolmoPointProcessor.from_pretrained(folder).tokenizer for folder in (tmp_path, NANO_FOLDER)
    )
    words = tiny().extended_vocab_start
    assert words > 8000
    assert tokenizer.get_vocab()["<POINT_0>"] == words
    assert tokenizer.convert_ids_to_tokens(words - 1) == f"<unused {words - 1}>"
    text = "<|im_start|>user\nPoint to the red mug.<im_patch> 12"
    assert tokenizer(text).input_ids == nano(text).input_ids
    assert tokenizer("<POINT_7>").input_ids == [words + 7]
