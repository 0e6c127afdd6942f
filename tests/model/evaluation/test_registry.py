"""Benchmarks by name: each once, whole, and told when a name is wrong."""

from __future__ import annotations

import pytest

from model.evaluation.registry import BENCHMARKS, benchmarks_named
from molmo_act.errors import InputError


def test_names():
    names = list(BENCHMARKS)
    assert [one.name for one in benchmarks_named(["all"])] == names
    assert [one.name for one in benchmarks_named([names[1], names[0], names[1]])] == [names[1], names[0]]
    with pytest.raises(InputError, match=r"'screenspt', 'x' was given; expected .*screenspot-v2"):
        benchmarks_named(["screenspt", names[0], "x"])


@pytest.mark.parametrize("benchmark", BENCHMARKS.values(), ids=lambda one: one.name)
def test_every_benchmark_says_what_a_user_must_know(benchmark):
    assert benchmark.title
    assert len(benchmark.protocol) > 40
    assert benchmark.download
    assert all("{home}" in line for line in benchmark.download)
    for figures in benchmark.published.values():
        assert set(figures) <= set(benchmark.figures_shown or figures)
