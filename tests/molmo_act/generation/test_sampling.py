"""Choices among given scores: order, repeats, ends, and the probabilities that are reported."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from molmo_act.formats.exact_plan import NO_MORE, PATCH
from molmo_act.formats.order_rules import OrderRules, allowed_subpatches
from molmo_act.generation.sampling import (
    DecodingRules,
    ExactConstraints,
    OrderConstraints,
    choose_location,
    choose_subpatch,
    choose_token,
    patch_probabilities,
)
from molmo_act.models.molmo_point.exact_points import WORDS as ANY_WORD
from molmo_act.models.molmo_point.exact_points import Places
from tests.support.decode_states import WORDS, grounding_state

RULES = OrderRules()
PATCH_WORD, LIST_END = 9, 7


def head(**scores: Tensor) -> Any:
    """A model without its LM head that gives these scores whatever it is asked."""
    return SimpleNamespace(
        final_norm=lambda x: x,
        point_predictor=SimpleNamespace(**{name: lambda *_, s=s: s.clone() for name, s in scores.items()}),
    )


def constraints(
    last_patch: int = -1,
    last_slot: int = -1,
    ended: bool = False,
    words_only: bool = False,
    just_ended: bool = False,
    exact: tuple[int, int] | None = None,
):
    """`exact` is the kind that has to come, and how many points must fit behind the next one."""
    values = (torch.tensor([[value]]) for value in (last_patch, last_slot, ended, words_only, just_ended))
    if exact is None:
        return OrderConstraints(*values)
    places = Places.of(torch.ones(1, 4, 2, dtype=torch.bool), torch.ones(1, 4, dtype=torch.bool), RULES)
    kind, left = (torch.tensor([[value]]) for value in exact)
    return OrderConstraints(*values, ExactConstraints(kind, left, places))


def choose(patches: list[float], patch_logit: float, order: str = "reference", **limits: Any):
    """The choice between patches of these scores, at this logit, and word 5 at the logit 2."""
    words = torch.zeros(1, 1, WORDS)
    words[..., 5], words[..., PATCH_WORD] = 2, patch_logit
    model = SimpleNamespace(
        config=SimpleNamespace(patch_token_id=PATCH_WORD, score_temperature=None),
        model=head(scores_of_patches=torch.tensor([[patches]])),
        lm_head=lambda _: words.clone(),
        grounding_words=[PATCH_WORD],
    )
    state = grounding_state((len(patches) - 1,))
    rules = DecodingRules(order, RULES, LIST_END)
    return choose_token(model, torch.zeros(1, 1, 4), constraints(**limits), state, rules)  # type: ignore[arg-type]


SCORES = [0.0, 3.0, 1.0, 2.0, -1.0]  # of four patches and "no more points"

# Each row: logit of the patch word, order, constraints, the id that is chosen; word 5 has the logit 2.
CHOICES = [
    (3.0, "reference", {}, WORDS + 1),  # the best patch
    (1.0, "reference", {}, 5),  # its word is worse than another word
    (3.0, "reference", {"last_patch": 1, "last_slot": 0}, WORDS + 1),  # the same patch has a slot left
    (3.0, "reference", {"last_patch": 1, "last_slot": 1}, 5),  # it has none
    (3.0, "masked", {"last_patch": 1, "last_slot": 1}, WORDS + 3),  # the best one behind it
    (3.0, "reference", {"last_patch": 2, "last_slot": 0}, 5),  # the best patch lies before the last point
    (3.0, "masked", {"last_patch": 2, "last_slot": 0}, WORDS + 3),
    (3.0, "masked", {"last_patch": 3, "last_slot": 1}, WORDS + 4),  # only "no more points" is left
    (3.0, "reference", {"ended": True}, 5),
    (3.0, "masked", {"words_only": True}, 5),
    (3.0, "reference", {"ended": True, "just_ended": True}, 5),  # the released code writes on
    (3.0, "masked", {"ended": True, "just_ended": True}, LIST_END),  # only the end of the list is legal
    # With a certain number of points: what has to come, and how many points must fit behind it.
    (1.0, "reference", {"exact": (PATCH, 0)}, WORDS + 1),  # the best patch, though a word is better
    (3.0, "reference", {"exact": (PATCH, 0), "last_patch": 2, "last_slot": 0}, WORDS + 3),
    (3.0, "reference", {"exact": (PATCH, 0), "last_patch": 3, "last_slot": 0}, WORDS + 3),
    (3.0, "reference", {"exact": (PATCH, 4)}, WORDS + 1),  # five places from there on, with two in each
    (3.0, "reference", {"exact": (PATCH, 6)}, WORDS + 0),  # seven are only from the first patch on
    (3.0, "reference", {"exact": (8, 0)}, 8),  # a certain word
    (1.0, "reference", {"exact": (NO_MORE, 0), "last_patch": 2, "last_slot": 0}, WORDS + 4),
    (3.0, "reference", {"exact": (ANY_WORD, 0)}, 5),  # no further point
]


@pytest.mark.parametrize(("patch_logit", "order", "limits", "expected"), CHOICES)
def test_words_and_patches_compete_under_the_rules(patch_logit, order, limits, expected):
    assert choose(SCORES, patch_logit, order, **limits).ids.tolist() == [[expected]]


REFUSALS = [
    (3.0, "reference", {"last_patch": 2, "last_slot": 0}, True),  # the best patch lies before the last point
    (1.0, "reference", {"last_patch": 2, "last_slot": 0}, False),  # a word is better anyway
    (3.0, "masked", {"last_patch": 2, "last_slot": 0}, False),
    (3.0, "reference", {"last_patch": 0, "last_slot": 0}, False),
    (3.0, "reference", {"ended": True}, False),  # not the order, but "no more points"
    (3.0, "reference", {"words_only": True}, False),
]


@pytest.mark.parametrize(("patch_logit", "order", "limits", "refused"), REFUSALS)
def test_refusals_for_their_order_are_told(patch_logit, order, limits, refused):
    assert choose(SCORES, patch_logit, order, **limits).refused.tolist() == [[refused]]


def test_probabilities_are_those_among_ids_of_one_kind():
    found = choose(SCORES, 3.0, last_patch=1, last_slot=0)
    shares = torch.tensor([-torch.inf, 3, 1, 2, -1]).softmax(-1)  # patches before the last one take no part
    torch.testing.assert_close(found.patch_probabilities[0, 0], shares)
    torch.testing.assert_close(found.probabilities[0, 0], shares[1])
    word = choose(SCORES, 1.0)
    logits = torch.zeros(WORDS - 1)  # the patch word takes no part either
    logits[5] = 2
    torch.testing.assert_close(word.probabilities[0, 0], logits.softmax(-1)[5])


def test_a_temperature_replaces_the_root_of_the_number_of_keys():
    state = grounding_state((3,))  # four keys: three patches and "no more points"
    scores, last = torch.randn(1, 1, 4), torch.tensor([[-1]])
    plain = patch_probabilities(scores, last, state, None)
    torch.testing.assert_close(patch_probabilities(scores, last, state, 2.0), plain)
    torch.testing.assert_close(patch_probabilities(scores, last, state, 1.0), (2 * scores).softmax(-1))


def test_a_model_without_no_more_points_gives_it_no_probability():
    state = grounding_state((3,), no_more_points=False)
    found = patch_probabilities(torch.randn(1, 1, 3), torch.tensor([[-1]]), state, None)
    assert found.shape == (1, 1, 4)
    assert found[0, 0, 3] == 0
    assert found.sum() == pytest.approx(1)


# Each row: last patch, last slot, rules, the slot that is chosen on patch 2 with scores 1, 5, 3.
SLOTS = [
    (-1, -1, RULES, 1),
    (1, 2, RULES, 1),  # another patch
    (2, 0, RULES, 1),
    (2, 1, RULES, 2),  # forward inside one patch, no repeat
    (2, 2, RULES, -1),  # none is left
    (2, 2, OrderRules(prevent_repeats=False), 2),
    (2, 1, OrderRules(force_subpatch_sorted=False), 1),
]


@pytest.mark.parametrize(("last_patch", "last_slot", "order", "slot"), SLOTS)
def test_slots_of_one_patch_go_forward(last_patch, last_slot, order, slot):
    scores = torch.tensor([[1.0, 5.0, 3.0]])
    last = torch.tensor([last_patch]), torch.tensor([last_slot])
    found, probability = choose_subpatch(
        head(scores_of_subpatches=scores),
        torch.zeros(1, 4),
        torch.tensor([2]),
        grounding_state(),
        allowed_subpatches(torch.arange(3), torch.tensor([2]), *last, order),
    )
    assert found.tolist() == [slot]
    if slot >= 0:  # among all slots, forbidden ones included
        torch.testing.assert_close(probability, scores.softmax(-1)[:, slot])


def test_the_best_location_and_its_probability():
    scores = torch.tensor([[1.0, 2.0, 0.0], [5.0, 0.0, 0.0]])
    found, probability = choose_location(head(scores_of_locations=scores), torch.zeros(2, 4))
    assert found.tolist() == [1, 0]
    torch.testing.assert_close(probability, scores.softmax(-1).max(-1).values)
