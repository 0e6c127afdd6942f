"""Checkpoints of random weights load as users load theirs, and are gone afterwards."""

from __future__ import annotations

import pytest
import torch

import molmo_act
from model.benchmarks import _random_checkpoints
from model.benchmarks._random_checkpoints import NANO, checkpoint, grammar_of
from model.benchmarks._random_models import Shape, config_of


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
