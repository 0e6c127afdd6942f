"""The benchmark of exports: its table, and one case in a process of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.benchmarks.embedded import COLUMNS, LEAST, REFERENCE, run_case, table


def test_ratios_are_to_torch():
    found = {REFERENCE: dict.fromkeys(COLUMNS, 4.0), "ONNX fp32": dict.fromkeys(COLUMNS, 1.0)}
    lines = table({"nano": found}).splitlines()
    assert lines[2] == "| nano | torch float32 | 4.0 (1.00) | 4.0 (1.00) | 4.0 (1.00) | 4.0 (1.00) |"
    assert lines[3] == "| nano | ONNX fp32 | 1.0 (0.25) | 1.0 (0.25) | 1.0 (0.25) | 1.0 (0.25) |"


@pytest.mark.slow  # starts a process
def test_a_case_counts_from_before_its_process_begins(nano_onnx, tmp_path: Path):
    image = tmp_path / "image.png"
    Image.fromarray(np.full((120, 160, 3), 200, np.uint8)).save(image)
    found = run_case([str(nano_onnx), "none", str(image), "0.001"], threads=1)
    assert found["first_point_s"] > found["load_and_first_s"] > 0
    assert found["point_ms"] > 0
    assert found["answers"] >= LEAST  # in a thousandth of a second
    assert 20 < found["memory_mb"] < 2000
