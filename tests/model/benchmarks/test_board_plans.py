"""The tables of docs/jetson.md are those that the command prints, and larger boards hold no less."""

from __future__ import annotations

from model.benchmarks import board_plans
from tests.support.paths import ROOT


def test_the_guide_has_the_tables_of_the_command():
    guide = (ROOT / "docs" / "jetson.md").read_text("utf-8")
    for lines in (board_plans.memory_lines(), board_plans.board_lines()):
        assert "\n".join(lines) in guide


def test_a_cell_says_what_fits():
    row = board_plans.Row("nf4", 7000.0, 9000.0, fits=False, max_crops=0, point_ms=1.0, frame_ms=2.0)
    assert board_plans._cell(row) == "no"
    few = board_plans.Row("nf4", 7000.0, 9000.0, fits=False, max_crops=5, point_ms=70.26, frame_ms=2.0)
    assert board_plans._cell(few) == "70 ms, 5 crops"
