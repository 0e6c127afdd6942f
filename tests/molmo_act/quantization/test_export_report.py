"""The line that an export prints."""

from __future__ import annotations

import numpy as np

from molmo_act.quantization.drift import Drift
from molmo_act.quantization.export_report import PRECISIONS, ExportReport


def test_a_report_is_one_line_with_sizes_and_drift():
    drift = Drift(queries=36, points=29, px=np.array([0.0, 2.64]), lost=2, added=1, score_change=0.003)
    line = str(ExportReport("int8", 30.04, 34, drift))
    assert line.startswith("int8, 30.0 MB: the same ids for 34 of 36 queries; 29 points")
    assert "2.64 px (most), 2 lost, 1 added" in line
    assert "\n" not in line
    assert PRECISIONS == ("fp32", "fp16", "int8", "int4")
