"""Where points still fit in a prompt, and what `generate` may choose so that exactly n points come."""

from __future__ import annotations

import pytest
import torch

from molmo_act.errors import InputError
from molmo_act.formats.exact_plan import ExactPlan
from molmo_act.formats.order_rules import OrderRules
from molmo_act.models.molmo_point.exact_points import ExactPointsLogitsProcessor, Places
from molmo_act.models.molmo_point.grounding_head import NEVER, lowest
from molmo_act.models.molmo_point.grounding_state import ExtendedIds
from molmo_act.models.molmo_point.logits_processor import GroundingLogitsProcessor
from tests.support.engines import grammar
from tests.support.tiny_checkpoint import tiny_model

ALL = OrderRules()
VALID = torch.tensor(
    [[[1, 1], [1, 1], [1, 0], [1, 1]]]
).bool()  # four patches of two slots, one of them empty
INDEXABLE = torch.tensor([[0, 1, 1, 1]]).bool()  # the first is of the global crop


def places(order: OrderRules = ALL) -> Places:
    return Places.of(VALID, INDEXABLE, order)


def row(*values: int) -> list[torch.Tensor]:
    return [torch.tensor([[value]]) for value in values]


def test_places_behind_each_slot():
    assert places().after_BPK.tolist() == [[[-1, -1], [4, 3], [2, -1], [1, 0]]]


# Each row: last patch, last slot, points that must fit behind the next, the patches that may begin it.
PATCHES = [
    (-1, -1, 0, [1, 2, 3]),
    (-1, -1, 1, [1, 2, 3]),
    (-1, -1, 2, [1, 2]),
    (-1, -1, 4, [1]),
    (-1, -1, 5, []),
    (1, 0, 0, [1, 2, 3]),  # a slot of the last patch is left
    (1, 0, 3, [1]),
    (1, 0, 4, []),  # its first slot is taken
    (1, 1, 0, [2, 3]),
    (2, 0, 0, [3]),  # its other slot is empty
    (3, 0, 0, [3]),
    (3, 1, 0, []),
]


@pytest.mark.parametrize(("last_patch", "last_slot", "left", "expected"), PATCHES)
def test_patches_from_which_the_rest_fits(last_patch, last_slot, left, expected):
    allowed = places().patches(*row(last_patch, last_slot, left))
    assert torch.nonzero(allowed[0, 0])[:, 0].tolist() == expected


# Each row: patch, last patch, last slot, points that must fit behind, the slots that may be chosen.
SLOTS = [
    (1, -1, -1, 0, [0, 1]),
    (1, -1, -1, 4, [0]),
    (1, 1, 0, 0, [1]),
    (2, 1, 1, 0, [0]),
    (0, -1, -1, 0, []),
]


@pytest.mark.parametrize(("patch", "last_patch", "last_slot", "left", "expected"), SLOTS)
def test_slots_from_which_the_rest_fits(patch, last_patch, last_slot, left, expected):
    allowed = places().subpatches(*row(patch, last_patch, last_slot, left))
    assert torch.nonzero(allowed[0, 0])[:, 0].tolist() == expected


@pytest.mark.parametrize("loose", ["prevent_repeats", "force_patch_sorted", "force_subpatch_sorted"])
def test_places_are_used_up_only_where_all_rules_hold(loose):
    order = OrderRules(**{loose: False})
    places(order).check(1000)
    assert places(order).patches(*row(-1, -1, 1000))[0, 0].tolist() == [False, True, True, True]


def test_more_points_than_places_are_refused():
    places().check(5)
    with pytest.raises(InputError, match=r"exactly=6 points .* has 5 places"):
        places().check(6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_scores_of_the_best_patch_alone_are_refused_where_it_may_not_come(dtype):
    words = grammar()
    plan = ExactPlan.of(words, 2, tiny_model().config)
    rules = GroundingLogitsProcessor(ExtendedIds(2000, torch.tensor([4]), 2, 9, True))
    processor = ExactPointsLogitsProcessor(plan, places(), rules, 1)
    history = torch.tensor([[1, *words.opening]])
    scores = torch.full((1, 2016), lowest(NEVER, dtype), dtype=dtype)
    scores[0, 2004] = 3  # "no more points" is the best
    with pytest.raises(InputError, match="expected rank_patches=True"):
        processor(history, scores)
    scores[0, 2002] = 2
    assert int(processor(history, scores).argmax()) == 2002


def test_walking_the_plan_never_meets_a_dead_end():
    """Whatever is chosen of what may come, n points are found: at random, and always the last one."""
    plan = ExactPlan.of(grammar(), 5, tiny_model().config)
    ids = ExtendedIds(2000, torch.tensor([4]), 2, 9, True)
    rules = GroundingLogitsProcessor(ids)
    generator = torch.Generator().manual_seed(0)
    for attempt in range(20):
        answer = torch.tensor([[1, 2, 3]])
        processor = ExactPointsLogitsProcessor(plan, places(), rules, answer.shape[1])
        for _ in range(len(plan)):
            shape = 1, 2000 + int(ids.end_B)
            scores = (
                torch.arange(shape[1])[None].float()
                if attempt == 0
                else torch.rand(shape, generator=generator)
            )
            masked = processor(answer, scores)
            assert bool((masked > -torch.inf).any())
            answer = torch.cat((answer, masked.argmax(-1, keepdim=True)), dim=1)
        assert int((answer == 2004).sum()) == 1  # "no more points"
        assert int(((answer >= 2000) & (answer < 2004)).sum()) == 5
