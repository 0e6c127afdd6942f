"""A plan's sizes are those that models have, and its limits hold where they are reached."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

import molmo_act
from model.benchmarks._random_checkpoints import checkpoint
from model.benchmarks._random_models import SIZES
from molmo_act.doctor.machine import Rates
from molmo_act.doctor.parameters import PRECISIONS
from molmo_act.doctor.plan import count_parameters, make_plan, prompt_of
from molmo_act.errors import CheckpointError, InputError
from molmo_act.generation.prompt_size import PromptSize
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
    assert rows["nf4"].max_crops > 48
    assert not rows["export fp16"].fits
    assert 12_000 < rows["export int4"].peak_mb < 14_000  # float32 outside of the language blocks
    assert rows["nf4"].point_ms < rows["int8"].point_ms < rows["bfloat16"].point_ms < rows["float32"].point_ms
    assert rows["bfloat16"].max_crops == 0
    assert "8 crops is" in str(plan)


def test_the_most_crops_are_those_below_the_memory() -> None:
    many = make_plan(CONFIG, memory_mb=1e6, crops=20, pixels=100)
    enough = {row.precision: row.peak_mb for row in many.rows}
    plan = make_plan(CONFIG, memory_mb=enough["float32"] - 10, crops=20, pixels=100)
    row = plan.rows[0]
    assert 0 < row.max_crops < 20
    assert not row.fits
    here, next_one = (
        make_plan(CONFIG, memory_mb=1e6, crops=row.max_crops + more, pixels=100).rows[0].peak_mb
        for more in (0, 1)
    )
    assert here <= plan.memory_mb < next_one


def test_no_more_crops_fit_than_positions() -> None:
    rows = make_plan(CONFIG, memory_mb=1e6, crops=1024).rows
    assert not any(row.fits for row in rows)  # nano knows 8192 positions
    most = {row.max_crops for row in rows}
    assert len(most) == 1
    assert make_plan(CONFIG, memory_mb=1e6, crops=most.pop()).tokens <= 8192


def test_either_rate_gives_its_part_of_the_times() -> None:
    def times(**rates: float) -> list[float]:
        row = make_plan(CONFIG, memory_mb=1000, **rates).rows[0]
        return [row.point_ms, row.frame_ms]

    read, counted = times(bytes_per_s=1e9), times(flops_per_s=1e9)
    both = times(bytes_per_s=1e9, flops_per_s=1e9)
    assert all(one > 0 for one in read + counted)
    assert both[0] == max(read[0], counted[0])
    said = str(make_plan(CONFIG, memory_mb=1000, bytes_per_s=102e9))
    assert "bandwidth 102.0 GB/s; compute unknown: times leave out arithmetic (--compute)" in said
    assert "?" not in said


def test_parts_are_said_in_bytes_for_each_precision() -> None:
    plan = make_plan(CONFIG, memory_mb=1000, measured=Rates("cpu", 5e9, 2e10))
    assert [row.precision for row in plan.rows] == list(PRECISIONS)
    for row in json.loads(json.dumps(plan.to_dict()))["rows"]:
        assert sum(row["parts_mb"].values()) == pytest.approx(row["weights_mb"], abs=0.1)
    assert f"{plan.rows[0].parts_mb['vision tower']:15.1f}" in str(plan)
    assert "measured here, cpu: 5.0 GB/s, 20 GFLOPS" in str(plan)


def test_what_cannot_be_exported_has_no_row_of_an_export() -> None:
    rows = make_plan(CONFIG | {"temporal_module": "attention"}, memory_mb=1000).rows
    assert [row.precision for row in rows] == ["float32", "bfloat16", "int8", "nf4"]


POINT = """
import sys
import numpy as np
import molmo_act

source, dtype, width, height, crops = sys.argv[1:]
how = {"quantization": dtype} if dtype == "nf4" else {"dtype": dtype}
model = molmo_act.load(device="cpu", **how) if source == "nano" else molmo_act.load(source)
image = np.random.default_rng(0).integers(0, 255, (int(height), int(width), 3), dtype=np.uint8)
model.point(image, "the red circle", max_crops=int(crops))
print(*[line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")])
"""
MEASURED = [
    ("float32", 64, 64, 1),
    ("float32", 1000, 500, 8),
    ("float32", 3000, 3000, 4),
    ("bfloat16", 1000, 1000, 4),
    ("bfloat16", 6000, 4000, 8),
    ("nf4", 1000, 500, 8),
    ("export fp32", 64, 64, 1),
    ("export fp32", 3000, 3000, 4),
    ("export fp32", 6000, 4000, 8),
]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    pytest.importorskip("onnxscript", reason="needs the extra onnx")
    folder = tmp_path_factory.mktemp("plan") / "fp32"
    molmo_act.load(device="cpu", dtype="float32").export(folder)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux")
@pytest.mark.parametrize(("precision", "width", "height", "crops"), MEASURED)
def test_a_process_takes_at_most_what_the_plan_says(request, precision, width, height, crops) -> None:
    if precision == "nf4":
        pytest.importorskip("bitsandbytes", reason="needs the extra quant")
    source = request.getfixturevalue("exported") if precision.startswith("export") else "nano"
    words = [sys.executable, "-c", POINT, str(source), precision, *map(str, (width, height, crops))]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    measured = int(done.stdout.splitlines()[-1]) * 1024 / 1e6
    plan = make_plan(CONFIG, memory_mb=1e6, crops=crops, margins=MARGINS, pixels=width * height)
    [row] = [row for row in plan.rows if row.precision == precision]
    assert row.peak_mb == pytest.approx(measured, rel=0.15)


NEEDED = """
import json, sys, threading, time
import numpy as np

peak, done = [0], threading.Event()

def look():  # what is resident, but for the file of weights, which can be dropped and read again
    while not done.wait(0.02):
        kept = dropped = 0
        for line in open("/proc/self/smaps"):
            words = line.split()
            if "-" in words[0]:
                weights = words[-1].endswith(".safetensors")
            elif words[0] == "Rss:":
                kept, dropped = kept + int(words[1]) * (not weights), dropped + int(words[1]) * weights
        peak[0] = max(peak[0], kept)

looking = threading.Thread(target=look)
looking.start()
import molmo_act

model = molmo_act.load(sys.argv[1], device="cpu", dtype=sys.argv[2])
image = np.random.default_rng(0).integers(0, 255, (500, 1000, 3), dtype=np.uint8)
model.point(image, "the red circle", max_crops=8, max_points=2)
done.set()
looking.join()
print(peak[0])
"""


@pytest.fixture(scope="module")
def mid_size():
    with checkpoint("mid-size, 32768 words", torch.float32) as stored:
        yield stored


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_mid_size_model_needs_what_the_plan_says(mid_size, precision) -> None:
    """Its file is in float32: in the other precision its pages are read, cast, and not needed any more."""
    config = json.loads((mid_size / "config.json").read_text())
    words = [sys.executable, "-c", NEEDED, str(mid_size), precision]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    measured = int(done.stdout.splitlines()[-1]) * 1024 / 1e6
    plan = make_plan(config, memory_mb=1e6, crops=8, pixels=1000 * 500)
    [row] = [row for row in plan.rows if row.precision == precision]
    assert row.peak_mb == pytest.approx(measured, rel=0.15)


def test_without_rates_there_are_no_times() -> None:
    plan = make_plan(CONFIG, memory_mb=1000)
    assert [(row.point_ms, row.frame_ms) for row in plan.rows] == [(None, None)] * len(PRECISIONS)
    assert "?" in str(plan)
    assert json.loads(json.dumps(plan.to_dict()))["crops"] == 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "llama"}, "model type 'llama'; expected 'molmo_point' or 'molmo2' or 'molmo'"),
        ({"patch_location": "9x9"}, "config.json makes no model: .*patch_location"),
        ({"text_config": None}, "'text_config': None; expected the sizes"),
        ({"text_config": CONFIG["text_config"] | {"num_attention_heads": 0}}, "num_attention_heads': 0"),
        ({"text_config": CONFIG["text_config"] | {"num_hidden_layers": -3}}, "num_hidden_layers': -3"),
        ({"text_config": {"hidden_size": "wide"}}, "text_config.*expected a whole number"),
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
    with pytest.raises(InputError, match="expected less than the 16 patches"):
        make_plan(CONFIG, memory_mb=1000, margins=(8, 8))
