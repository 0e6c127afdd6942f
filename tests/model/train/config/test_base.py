"""Values of a recipe are checked where it is made."""

from __future__ import annotations

import pytest

from model.train.config.nano import NanoRecipe
from model.train.config.temporal import TemporalRecipe
from molmo_act.errors import InputError


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"precision": "float16"}, "precision is 'float16'; expected 'bfloat16' or 'float32'"),
        ({"steps": 0}, "steps is 0; expected at least 1"),
        ({"eval_every": 0}, "eval_every is 0"),
        ({"seed": -1}, "seed is -1; expected at least 0"),
        ({"sheets_per_batch": 0}, "sheets_per_batch is 0"),  # a count of this kind of recipe
    ],
)
def test_wrong_values_are_refused(changes, complaint):
    with pytest.raises(InputError, match=complaint):
        NanoRecipe(**changes)


def test_kinds_add_choices_and_restrict_what_may_change():
    with pytest.raises(InputError, match="module is 'rnn'"):
        TemporalRecipe(module="rnn")
    assert "eval_every" in NanoRecipe.may_change
    assert "eval_every" not in TemporalRecipe.may_change
