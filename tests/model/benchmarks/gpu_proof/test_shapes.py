"""Figures stand beside their floors, and the reported peaks beside the shapes that they are of."""

from __future__ import annotations

from model.benchmarks.gpu_proof import shapes
from model.benchmarks.gpu_proof.parts import PRECISIONS, SHAPES


def test_reported_peaks_are_of_parts_that_run():
    assert {shape for shape, _ in shapes.REPORTED_GIB} <= {*SHAPES}
    assert {precision for _, precision in shapes.REPORTED_GIB} <= {*PRECISIONS}
    assert shapes.gib(8.69 * 2**30 / 1e6) == "8.69 GiB"


def test_a_peak_stands_beside_what_was_expected(monkeypatch):
    found = {"crops": 9, "weights_mb": 6000.0, "expected_reading_mb": 1000.0, "peak_mb": 7500.0}
    monkeypatch.setattr(shapes.memory, "measure_loaded", lambda model, most: found)
    row = shapes.memory_row(None, 8, 8.69)
    assert row.value == "6.98 GiB"
    assert row.anchor == "6.52 GiB expected by the library; 8.69 GiB reported by a user, image unknown"
    assert "reported" not in shapes.memory_row(None, 8, None).anchor


def test_decoding_stands_beside_the_bytes_it_reads(monkeypatch):
    found = {
        "ms": {"plain_decode": {"median": 120.0}, "decode": {"median": 60.0}},
        "points": 12,
        "floor_ms_of_a_pass": 2.0,
        "forward_passes": 12,
        "share_of_bandwidth_floor": 0.4,
        "times_faster_decode": 2.0,
        "equal_ids": 1.0,
    }
    monkeypatch.setattr(shapes.decode, "measure_loaded", lambda model, rounds, exact: found)
    ours, plain = shapes.decode_rows(None, 3)
    assert (ours.value, ours.anchor) == ("5.00", "2.00 ms: reading the weights; share 0.4")
    assert plain.anchor.startswith("10.00 ms per point")
