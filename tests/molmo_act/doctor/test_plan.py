"""A plan's sizes are those that models have, and its limits hold where they are reached."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import molmo_act
from model.benchmarks._random_models import SIZES
from molmo_act.doctor.plan import PRECISIONS, count_parameters, make_plan, prompt_of
from molmo_act.errors import CheckpointError, InputError
from molmo_act.generation.memory import PromptSize
from molmo_act.pointing.load import NANO

CONFIG = json.loads((NANO / "config.json").read_text())
MARGINS = (1, 1)  # nano's
LARGE = next(name for name in SIZES if "8B" in name)


@pytest.mark.parametrize(
    ("dtype", "quantization", "precision"),
    [(torch.float32, None, "float32"), (torch.bfloat16, None, "bfloat16")]
    + [(torch.bfloat16, name, name) for name in ("int8", "nf4")],
)
def test_weights_take_what_the_plan_says(dtype, quantization, precision) -> None:
    if quantization:
        pytest.importorskip("bitsandbytes", reason="needs the extra quant")
    model = molmo_act.load(dtype=dtype, quantization=quantization, device="cpu")
    planned = count_parameters(CONFIG)[0].megabytes(precision)
    rel = 0.03 if quantization == "nf4" else 0.01  # the map leaves out the scales of NF4
    assert planned == pytest.approx(sum(model.precision.megabytes.values()), rel=rel)


@pytest.mark.parametrize(("width", "height", "crops"), [(420, 840, 8), (660, 660, 9), (840, 1680, 32)])
def test_prompts_are_as_long_as_those_of_the_processor(width, height, crops) -> None:
    model = molmo_act.load(device="cpu")
    image = np.zeros((height, width, 3), np.uint8)
    content = [{"type": "image", "image": image}, {"type": "text", "text": "Point to the red mug"}]
    inputs = model.processor.apply_chat_template(
        [{"role": "user", "content": content}],
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        max_crops=crops,
    )
    real = PromptSize.of(inputs)
    planned = prompt_of(int(real.crops) - 1, 16, MARGINS)
    assert planned.tokens == pytest.approx(real.tokens, rel=0.1)


def test_a_large_model_is_planned_without_its_weights() -> None:
    config = SIZES[LARGE]().to_dict()
    plan = make_plan(config, memory_mb=16e9 / 1e6, bytes_per_s=102e9, flops_per_s=20e12)
    rows = {row.precision: row for row in plan.rows}
    assert 8e9 < plan.parameters.total < 10e9
    assert not rows["bfloat16"].fits
    assert rows["nf4"].fits
    assert rows["nf4"].max_crops == 8
    assert rows["nf4"].point_ms < rows["int8"].point_ms < rows["bfloat16"].point_ms < rows["float32"].point_ms
    assert rows["bfloat16"].max_crops == 0
    assert "8 crops is" in str(plan)


def test_the_most_crops_are_those_below_the_memory() -> None:
    enough = {row.precision: row.peak_mb for row in make_plan(CONFIG, memory_mb=1e6, crops=20).rows}
    plan = make_plan(CONFIG, memory_mb=enough["float32"] - 10, crops=20)
    row = plan.rows[0]
    assert 0 < row.max_crops < 20
    assert not row.fits
    fitting = make_plan(CONFIG, memory_mb=1e6, crops=row.max_crops).rows[0].peak_mb
    assert (
        fitting <= plan.memory_mb < make_plan(CONFIG, memory_mb=1e6, crops=row.max_crops + 1).rows[0].peak_mb
    )


def test_without_rates_there_are_no_times() -> None:
    plan = make_plan(CONFIG, memory_mb=1000)
    assert [(row.point_ms, row.frame_ms) for row in plan.rows] == [(None, None)] * len(PRECISIONS)
    assert "?" in str(plan)
    assert json.loads(json.dumps(plan.to_dict()))["crops"] == 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "llama"}, "model type 'llama'; expected 'molmo_point' or 'molmo2'"),
        ({"patch_location": "9x9"}, "config.json makes no model: .*patch_location"),
        ({"text_config": None}, "'text_config': None; expected the sizes"),
        ({"text_config": CONFIG["text_config"] | {"num_attention_heads": 0}}, "num_attention_heads: 0"),
        ({"text_config": CONFIG["text_config"] | {"num_hidden_layers": -3}}, "num_hidden_layers: -3"),
        ({"text_config": {"hidden_size": "wide"}}, "config.json makes no model"),
    ],
)
def test_a_configuration_of_something_else(change, message) -> None:
    with pytest.raises(CheckpointError, match=message):
        make_plan(CONFIG | change, memory_mb=1000)


@pytest.mark.parametrize(
    "numbers", [{"memory_mb": 0}, {"memory_mb": float("nan")}, {"memory_mb": 9, "bytes_per_s": -1}]
)
def test_numbers_that_are_none(numbers) -> None:
    with pytest.raises(InputError, match="expected a number above 0"):
        make_plan(CONFIG, **numbers)
    with pytest.raises(InputError, match="expected 1 to 1024"):
        make_plan(CONFIG, memory_mb=1000, crops=0)
