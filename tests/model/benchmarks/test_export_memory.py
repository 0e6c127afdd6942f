"""What an export needs at most grows with the export, not with the checkpoint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from model.benchmarks._random_checkpoints import widen_vocabulary
from model.benchmarks._random_models import SIZES, Shape, config_of, make_grammar, make_model, make_processor
from model.benchmarks.export_memory import arithmetic, run_case, table

LAYERS = Shape(512, 4, 2, 128, intermediate_size=2048, num_hidden_layers=4)
VISION = Shape(48, 2, 2, 24, 96, 4)


def write(folder: Path, layers: int) -> Path:
    processor = make_processor()
    config = config_of(8192, replace(LAYERS, num_hidden_layers=layers), VISION, 128)
    model = make_model(config, make_grammar(processor), dtype=torch.bfloat16)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    widen_vocabulary(folder / "tokenizer.json", config.extended_vocab_start)
    return folder


@pytest.mark.slow  # starts four processes that trace a model
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_more_layers_take_the_memory_of_their_export(tmp_path, precision):
    """28 more layers are 462 MB in float32, 231 MB in the checkpoint, and 116 MB in int8."""
    few, many = (run_case(write(tmp_path / str(layers), layers), precision) for layers in (4, 32))
    export = many["export_mb"] - few["export_mb"]
    grown = many["peak_mb"] - few["peak_mb"]
    assert export > 100
    assert grown < 1.4 * export, (few, many)


def test_arithmetic_of_the_released_shapes():
    sizes = {name: arithmetic(SIZES[name]().to_dict()) for name in ("MolmoPoint-8B", "MolmoPoint-Vid-4B")}
    eight = sizes["MolmoPoint-8B"]
    assert 34 < eight["fp32"]["export_gb"] < 36
    assert eight["fp16"]["export_gb"] == pytest.approx(eight["fp32"]["export_gb"] / 2)
    for found in sizes.values():
        for each in found.values():
            assert each["peak_gb"] < each["export_gb"] + 2, found
    assert "| MolmoPoint-8B | fp32 |" in table({}, sizes)
