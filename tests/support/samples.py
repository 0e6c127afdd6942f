"""How many cases of a kind are tried: a few, or all of them (`nox --session samples`)."""

from __future__ import annotations

import os

ALL = os.environ.get("MOLMO_ACT_ALL_SAMPLES", "") not in ("", "0")


def seeds(few: int, every: int) -> range:
    """Seeds of the cases: the first few, or all of them."""
    return range(every if ALL else few)
