"""What comes at each place of an answer with exactly n points."""

from __future__ import annotations

from molmo_act.formats.exact_plan import LOCATION, NO_MORE, PATCH, SUBPATCH, WORDS, ExactPlan
from tests.support.engines import grammar
from tests.support.tiny_checkpoint import tiny_model


def test_the_plan_of_an_answer():
    words = grammar()
    plan = ExactPlan.of(words, 10, tiny_model().config)
    point = (PATCH, SUBPATCH, LOCATION)
    assert plan.kinds[:8] == (*words.opening, *point, words.number(1)[0], PATCH)
    assert plan.kinds[-8:] == (*point, *words.number(10), NO_MORE, words.list_end, WORDS)
    assert len(words.number(10)) == 2
    assert plan.left[:8] == (0, 0, 0, 9, 9, 9, 9, 8)
    assert plan.left[-8:] == (0,) * 8
    assert len(plan) == len(plan.kinds) - 1 == len(plan.left) - 1
