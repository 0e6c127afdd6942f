"""Scores that the official evaluators gave to generated cases, `tests/data/eval_oracle/NAME.json.gz`.

Each file names the evaluator and its commit under ``source`` and the rules it follows under ``how``.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from molmo_act.outputs import rle

FOLDER = Path(__file__).parent / "data/eval_oracle"
CASE, AGGREGATE = 1e-9, 1e-6
"""How close scores must come: of a case, and of all cases together (those are means of 32-bit numbers)."""


def oracle(name: str) -> dict[str, Any]:
    """Reads a file."""
    return json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))


def cases(name: str) -> list[dict[str, Any]]:
    """Reads the cases of a file."""
    return oracle(name)["cases"]


def mask(run: dict[str, Any] | None, size: tuple[int, int]) -> np.ndarray:
    """Decodes a mask, bool (H, W); null is empty, `size` is (height, width)."""
    return (
        np.zeros(size, bool) if run is None else rle.decode(run["counts"], (run["size"][1], run["size"][0]))
    )
