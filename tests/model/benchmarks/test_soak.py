"""Memory stays flat over many pictures; the long run is `python -m model.benchmarks.soak`."""

from __future__ import annotations

import molmo_act
from model.benchmarks.soak import soak

GROWTH_MB = 40  # what allocators keep for later


def test_memory_over_pictures_of_changing_sizes():
    first, *_, last = soak(molmo_act.load(device="cpu"), pictures=45, every=15)
    assert last - first < GROWTH_MB
