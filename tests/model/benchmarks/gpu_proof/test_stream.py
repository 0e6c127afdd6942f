"""A stream has to keep up with the camera, and keyframes have to be grounded meanwhile."""

from __future__ import annotations

from model.benchmarks.gpu_proof.stream import stream_rows

FOUND = {
    **{"frames": 300, "p50_ms": 4.0, "p95_ms": 9.0, "max_ms": 30.0},
    **{"groundings": 20, "grounding_errors": 0, "last_grounding_latency_s": 0.08},
}


def test_a_stream_that_keeps_up_passes():
    assert [row.passed for row in stream_rows(FOUND, keeps_up=True)] == [True, True]
    assert [row.passed for row in stream_rows(FOUND, keeps_up=False)] == [None, True]


def test_late_updates_and_errors_fail():
    late, _ = stream_rows(FOUND | {"p95_ms": 40.0}, keeps_up=True)
    assert late.passed is False
    for wrong in ({"groundings": 0}, {"grounding_errors": 1}):
        assert stream_rows(FOUND | wrong, keeps_up=True)[1].passed is False
    assert stream_rows(FOUND | {"groundings": 0}, keeps_up=False)[1].passed
