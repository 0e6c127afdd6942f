"""What only recipes over packed sequences check."""

from __future__ import annotations

import pytest

from model.train.config.packed import PackedRecipe, released_form
from molmo_act.errors import InputError


@pytest.mark.parametrize("fresh", ["language", "all"])
def test_rotation_is_left_out_only_where_weights_are_fresh(fresh):
    assert not PackedRecipe(rotary=False, fresh=fresh).rotary
    with pytest.raises(InputError, match="rotary=false needs fresh=language or all"):
        PackedRecipe(rotary=False)


@pytest.mark.parametrize("name", ["batch", "tokens", "crops", "buffer", "max_crops", "rank"])
def test_counts_are_at_least_one(name):
    with pytest.raises(InputError, match=f"{name} is 0; expected at least 1"):
        PackedRecipe(**{name: 0})


def test_answers_are_written_as_released_models_write_them():
    assert PackedRecipe().form == released_form()
    assert released_form().empty == "words"
