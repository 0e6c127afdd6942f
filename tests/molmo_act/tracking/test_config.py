"""Numbers of a tracker's configuration that are refused."""

from __future__ import annotations

import pytest

from molmo_act import InputError, TrackerConfig


@pytest.mark.parametrize(
    "config",
    [
        {"rate": 0},
        {"rate": float("nan")},
        {"lost_timeout": -1},
        {"latency": -1, "synchronous": True},
        {"latency": 1},
        {"max_misses": 0},
        {"max_objects": 0},
        {"rate": "2"},
        {"rate": None},
        {"rate": True},
        {"lost_timeout": "30"},
        {"latency": "0.1"},
        {"max_misses": 2.0},
        {"max_objects": "3"},
        {"synchronous": 1},
        {"synchronous": "yes"},
    ],
)
def test_numbers_out_of_range(config):
    with pytest.raises(InputError, match=next(iter(config))):
        TrackerConfig(**config)


def test_the_ends_of_the_ranges_are_allowed():
    TrackerConfig(rate=1e-6, lost_timeout=1e-6, latency=0, max_misses=1, max_objects=1)
    TrackerConfig(synchronous=True, latency=0.5)


def test_infinite_numbers_are_refused():
    for config in ({"rate": float("inf")}, {"latency": float("nan"), "synchronous": True}):
        with pytest.raises(InputError):
            TrackerConfig(**config)
