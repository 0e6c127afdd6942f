"""Texts change values of a configuration; what is wrong with them is said."""

from __future__ import annotations

import pytest

from model.train.config.nano import NanoRecipe
from model.train.config.overrides import override
from model.train.config.packed import PackedRecipe
from molmo_act.errors import InputError


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("stepz=3", "There is no key 'stepz'; did you mean steps"),
        ("language.rat=3", "There is no key 'language.rat'; did you mean rate"),
        ("language=3", "for example 'language.rate'"),
        ("steps.more=3", "for example 'steps'"),
        ("steps=many", "expected a value of type int"),
        ("recompute=maybe", "expected a value of type bool"),
        ("fresh=maybe", "expected 'none' or 'language' or 'all'"),
        ("steps", "expected key=value"),
        ("steps=0", "expected at least 1"),
        ("seed=-1", "expected at least 0"),
        ("precision=float16", "expected 'bfloat16' or 'float32'"),
        ("form.coordinates=pixels", "expected 'tokens' or 'text'"),
        ("rotary=false", "needs fresh=language or all"),
    ],
)
def test_wrong_changes_of_a_recipe_are_refused(change, complaint):
    with pytest.raises(InputError, match=complaint.replace("(", r"\(")):
        override(PackedRecipe(), [change])


def test_changes_reach_every_kind_of_value():
    recipe = override(
        PackedRecipe(), ["steps=7", "language.rate=1e-3", "recompute=false", "form.order=shuffled"]
    )
    assert (recipe.steps, recipe.language.rate) == (7, 1e-3)
    assert (recipe.recompute, recipe.form.order) == (False, "shuffled")


def test_later_changes_win_and_the_original_stays():
    recipe = PackedRecipe()
    assert override(recipe, ["steps=7", "steps=8"]).steps == 8
    assert recipe == PackedRecipe()


def test_keys_are_found_by_their_former_names():
    recipe = override(NanoRecipe(), ["look_every=3", "tokenizer_pictures=5"])
    assert (recipe.eval_every, recipe.tokenizer_images) == (3, 5)
    with pytest.raises(InputError, match="no key 'tokenizer_pictures'"):
        override(PackedRecipe(), ["tokenizer_pictures=5"])
