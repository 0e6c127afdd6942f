"""The profile of a decode step: operators by kind, and what is left."""

from __future__ import annotations

import pytest

from model.benchmarks.step_profile import POINTS, compare, in_onnx, kind_of, summed, table


@pytest.mark.parametrize(
    ("operator", "kind"),
    [
        ("aten::addmm", "matrix products"),
        ("FusedMatMul", "matrix products"),
        ("DynamicQuantizeMatMul", "matrix products"),
        ("aten::_scaled_dot_product_flash_attention_for_cpu", "attention"),
        ("Softmax", "attention"),
        ("aten::copy_", "copies"),
        ("ScatterND", "copies"),
        ("aten::rsqrt", "other elements"),
    ],
)
def test_operators_have_a_kind(operator, kind):
    assert kind_of(operator) == kind


def test_kinds_add_up_to_the_whole():
    found = summed({"aten::mm": (POINTS, 12.0), "aten::addmm": (POINTS, 6.0), "aten::add": (24, 3.0)}, 4.0)
    assert found["matrix products"] == {"calls": 2, "ms": 1.5}
    assert found["other elements"] == {"calls": 2, "ms": 0.25}
    assert found["Python, between operators"]["ms"] == 2.25
    assert "| nano | 1.50 (2) | 0.00 | 0.00 | 0.25 (2) | 2.25 | 4.00 |" in table({"nano": found})


@pytest.mark.slow  # exports nano
def test_nano_is_profiled_without_its_prefill(nano_onnx, tmp_path):
    import shutil

    import numpy as np

    folder = shutil.copytree(nano_onnx, tmp_path / "export")
    found = in_onnx(folder, np.full((240, 320, 3), 200, np.uint8), 1)
    assert 20 < found["matrix products"]["calls"] < 400
    assert found["all"]["ms"] > 0
    assert not list(tmp_path.glob("onnxruntime_profile*"))


@pytest.mark.slow  # answers six times
def test_blocks_and_modules_take_turns_and_answer_alike():
    found = compare("tiny", 2)
    assert [*found] == ["modules", "blocks"]
    assert min(found.values()) > 0
