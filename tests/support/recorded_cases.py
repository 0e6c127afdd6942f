"""Cases of the tiny checkpoint as they are stored: what the original code answered, and its arrays."""

from __future__ import annotations

import json

import numpy as np

from molmo_act.formats.grounding_tokens import PromptIds
from tests.support.tiny_checkpoint import TINY

CASES = ["case_image_one", "case_images_two", "case_image_many"]
RUNS = ["greedy", "greedy_noproc", "forced"]
TEN = PromptIds(50, 10, 4)
"""10 image tokens, windows of 4: no-more-points is 10, subpatches 11–14, locations 15–23 from the start."""


def case(name: str) -> tuple[dict, np.lib.npyio.NpzFile]:
    """Facts and arrays of a case."""
    return json.loads((TINY / f"{name}.json").read_text()), np.load(TINY / f"{name}.npz")
