"""Rows are printed whole, found among other output, and half a row is left out."""

from __future__ import annotations

import torch

from model.benchmarks.gpu_proof.rows import Row, dtype_of, part_parser, read_rows, roofline


def test_rows_are_found_among_other_output(tmp_path, capsys):
    rows = [Row("speed", "3 ms", "2 ms", True), Row("name", "a | b")]
    for row in rows:
        row.print()
    log = tmp_path / "log.txt"
    log.write_text('progress 50 %\n{"other": 1}\n' + capsys.readouterr().out + '{"row": {"measured": "cut')
    assert read_rows(log) == rows
    assert read_rows(tmp_path / "missing.txt") == []


def test_a_rehearsal_is_in_float32_with_a_small_product():
    args = part_parser("").parse_args(["--device", "cpu", "--small"])
    assert dtype_of(args) == torch.float32
    assert roofline(args) > 0
    assert dtype_of(part_parser("").parse_args([])) == torch.bfloat16
