"""Cases of the tiny checkpoint as a caller of the library asks them, and options that no verb takes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from molmo_act import Points
from tests.support.tiny_checkpoint import load_case

ONE, MANY = "image_one", "image_many"
BAD_OPTIONS = [
    {"max_points": 1.0},
    {"max_points": "3"},
    {"max_points": True},
    {"min_score": "0.5"},
    {"min_score": math.nan},
    {"timeout": "1"},
    {"timeout": math.nan},
    {"max_crops": 2.5},
    {"max_crops": "2"},
    {"max_crops": 0},
    {"order": None},
]


def asked(name: str) -> tuple[np.ndarray, str]:
    """Image and query of a case, the query without the words that the library puts before it."""
    messages, arrays, _ = load_case(name)
    return arrays["image_0"], messages[0]["content"][0]["text"].removeprefix("Point to ")


def equal(first: Points, second: Points, tolerance: float = 1e-5) -> None:
    assert first.text == second.text
    assert first.xy.tolist() == second.xy.tolist()
    assert first.object_id.tolist() == second.object_id.tolist()
    assert first.image_size == second.image_size
    np.testing.assert_allclose(first.score, second.score, rtol=0, atol=tolerance)
    assert first.absent == pytest.approx(second.absent, abs=tolerance)
    for ours, theirs in zip(first.heatmaps, second.heatmaps, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)
