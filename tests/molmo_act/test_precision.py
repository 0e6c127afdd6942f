"""Precision maps: what they say of a model, and how they print."""

from __future__ import annotations

import pytest
import torch

import molmo_act
from molmo_act import CheckpointError
from molmo_act.precision import PARTS, PrecisionMap


def test_every_weight_of_a_model_is_in_the_map():
    model = molmo_act.load(device="cpu", dtype="bfloat16")
    precision = model.precision
    assert set(precision.stored) == set(PARTS.values())
    assert set(precision.stored.values()) == {"bfloat16"}
    size = sum(weight.numel() * weight.element_size() for weight in model.model.parameters())
    assert sum(precision.megabytes.values()) == pytest.approx(size / 1e6)
    assert precision.quantised == {}


def test_prints_as_a_table():
    precision = PrecisionMap(
        {"vision tower": "bfloat16", "connector": "float32"}, {"vision tower": 12, "connector": 3}
    )
    assert str(precision) == (
        "vision tower  bfloat16          12.0 MB\nconnector     float32            3.0 MB"
    )


def test_mixed_parts_are_called_by_what_most_of_their_bytes_are():
    model = torch.nn.Module()
    model.lm_head = torch.nn.Sequential(torch.nn.Linear(8, 8).half(), torch.nn.LayerNorm(8))
    assert PrecisionMap.of(model).stored == {"word tables": "float16"}


def test_floating_types_may_change():
    precision = PrecisionMap({"language blocks": "float32"}, {"language blocks": 1})
    precision.check({"language blocks": "bfloat16"})
    with pytest.raises(
        CheckpointError, match="stores language blocks as nf4, but its weights are all in floating"
    ):
        precision.check({"language blocks": "nf4"})
