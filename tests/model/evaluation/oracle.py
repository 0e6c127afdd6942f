"""Cases with the scores that official programs gave, in tests/data/eval_oracle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.evaluation.benchmark import Prediction
from molmo_act.outputs import rle

FOLDER = Path(__file__).parents[2] / "data" / "eval_oracle"
CASE, AGGREGATE = 1e-9, 1e-6
"""How close scores must come: of a case, and of all cases together, which are means of 32-bit numbers."""


def oracle(name: str) -> dict[str, Any]:
    """The file of one official program."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def predicted(points: list[list[float]], text: str = "") -> Prediction:
    """An answer with points in one image."""
    return Prediction(text, tuple((number, 0, x, y) for number, (x, y) in enumerate(points, 1)))


def mask(said: dict[str, Any]) -> np.ndarray:
    """bool (H, W) of COCO's run lengths."""
    height, width = said["size"]
    return rle.decode(said["counts"], (width, height))


def same(figures: dict[str, float], aggregate: dict[str, float | None]) -> None:
    """Compares figures with those of the official program, which adds up in float32; null is NaN."""
    expected = {name: float("nan") if value is None else value for name, value in aggregate.items()}
    assert {name: figures[name] for name in expected} == pytest.approx(expected, abs=1e-6, nan_ok=True)
