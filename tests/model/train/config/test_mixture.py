"""What recipes of packed sequences share."""

from __future__ import annotations

import pytest

from model.train.config.mixture import MixtureRecipe
from model.train.config.packed import PackedRecipe
from model.train.config.video_molmo import VideoMolmoRecipe
from molmo_act.errors import InputError


@pytest.mark.parametrize("kind", [PackedRecipe, VideoMolmoRecipe])
@pytest.mark.parametrize("name", ["batch", "tokens", "crops", "buffer", "max_crops"])
def test_counts_are_at_least_1(kind, name):
    with pytest.raises(InputError, match=f"{name} is 0; expected at least 1"):
        kind(**{name: 0})


def test_what_costs_time_or_memory_only_may_change():
    assert {"recompute", "compile", "save_every"} <= set(MixtureRecipe.may_change)
