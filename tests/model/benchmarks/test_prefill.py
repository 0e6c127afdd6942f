"""The arithmetic floor of reading an image grows as its matrix products do."""

from __future__ import annotations

import pytest
import torch

from model.benchmarks import prefill
from model.benchmarks._random_checkpoints import checkpoint
from model.benchmarks._random_models import Shape, config_of


@pytest.fixture
def small():
    """A tiny model."""
    text, vision = Shape(64, 2, 1, 32, 96, 2), Shape(48, 2, 2, 24, 96, 4)
    return config_of(8192, text, vision, 128)


def test_the_floor_counts_every_product(small):
    patches, width, hidden, layers = 729, 48, 96, small.vision_config.num_hidden_layers
    # queries, keys, values and output; two layers of the MLP; scores and their use, for every patch of a crop
    vision = 2 * patches * layers * (4 * width**2 + 2 * width * hidden + 2 * patches * width)
    assert prefill.floor_ms(small, 1, 0, 1.0) == pytest.approx(1000 * vision)
    assert prefill.floor_ms(small, 3, 0, 1.0) == pytest.approx(3000 * vision)
    tokens = 10
    projections = 2 * (2 + 1) * 32 * 64  # queries and output; keys and values, shared by heads
    text = 2 * tokens * 2 * (projections + 3 * 64 * 96 + 2 * tokens * 2 * 32)
    assert prefill.floor_ms(small, 0, tokens, 1.0) == pytest.approx(1000 * text)


def test_a_case_reads_all_crops(monkeypatch):
    monkeypatch.setattr(prefill, "IMAGE_SIZE", (800, 600))
    monkeypatch.setattr(prefill, "ROUNDS", 1)
    monkeypatch.setattr("molmo_act.doctor.machine.SIDE", 256)
    with checkpoint("tiny", torch.float32) as folder:
        found = prefill.one_case(folder, None, torch.float32, 4, torch.device("cpu"))
    assert 1 < found["crops"] <= 5
    assert found["ms"] > 0
