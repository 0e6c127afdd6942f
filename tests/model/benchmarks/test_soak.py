"""Memory stays flat over many images; the long run is `python -m model.benchmarks.soak`."""

from __future__ import annotations

import pytest

import molmo_act
from model.benchmarks.soak import soak

GROWTH_MB = 40  # what allocators keep for later


@pytest.mark.slow
def test_memory_over_pictures_of_changing_sizes():
    first, *_, last = soak(molmo_act.load(device="cpu"), images=45, every=15)
    assert last - first < GROWTH_MB
