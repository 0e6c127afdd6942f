"""Precision maps: what they say of a model, and how they print."""

from __future__ import annotations

import pytest
import torch

import molmo_act
from molmo_act import CheckpointError
from molmo_act.quantization.precision import PARTS, PrecisionMap


def test_every_weight_of_a_model_is_in_the_map():
    model = molmo_act.load(device="cpu", dtype="bfloat16")
    precision = model.precision
    assert set(precision.stored) == set(PARTS.values())
    assert set(precision.stored.values()) == {"bfloat16"}
    size = sum(weight.numel() * weight.element_size() for weight in model.model.parameters())
    assert sum(precision.megabytes.values()) == pytest.approx(size / 1e6)
    assert precision.quantized == {}


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


@pytest.mark.parametrize("nested", [False, True])
@torch.no_grad()
def test_the_scales_of_nf4_count(nested):
    bitsandbytes = pytest.importorskip("bitsandbytes", reason="needs the extra quant")
    options = {"quant_type": "nf4", "compress_statistics": nested, "compute_dtype": torch.bfloat16}
    model = torch.nn.Module()
    model.lm_head = bitsandbytes.nn.Linear4bit(128, 64, bias=False, **options).to("cpu").eval()
    blocks, table = 128 * 64 // 64, 16 * 4
    scales = blocks + (blocks // 256 + 1) * 4 + 256 * 4 if nested else blocks * 4
    found = PrecisionMap.of(model)
    assert found.stored == {"word tables": "nf4"}
    assert found.megabytes["word tables"] == pytest.approx((128 * 64 / 2 + scales + table) / 1e6)


@pytest.mark.filterwarnings("ignore::UserWarning")
@torch.no_grad()
def test_the_scales_of_int8_count_before_and_after_an_answer():
    bitsandbytes = pytest.importorskip("bitsandbytes", reason="needs the extra quant")
    model = torch.nn.Module()
    layer = bitsandbytes.nn.Linear8bitLt(128, 64, bias=False, has_fp16_weights=False).to("cpu").eval()
    model.lm_head = layer
    for _ in range(2):
        assert PrecisionMap.of(model).megabytes["word tables"] == pytest.approx((128 * 64 + 64 * 4) / 1e6)
        layer(torch.ones(1, 128, dtype=torch.float16))


def test_floating_types_may_change():
    precision = PrecisionMap({"language blocks": "float32"}, {"language blocks": 1})
    precision.check({"language blocks": "bfloat16"})
    with pytest.raises(
        CheckpointError, match="stores language blocks as nf4, but its weights are all in floating"
    ):
        precision.check({"language blocks": "nf4"})
