"""What a step feeds and reads, for rows with a patch pending and rows with words."""

from __future__ import annotations

import pytest
import torch

from molmo_act.generation.decode_state import DecodeState
from molmo_act.generation.limits import MAX_DRAFTED_WORDS, NONE
from molmo_act.generation.step_plan import MAX_WIDTH, StepPlan
from molmo_act.models.molmo_point.grounding_state import GroundingState
from tests.support.decode_states import WORDS, decode_state, grounding_state

NUMBERS = torch.arange(50, 60)
CLOSING = torch.tensor([40, 41, 42])


def rows_with(*pending: int) -> tuple[DecodeState, GroundingState]:
    """Prompts of six image tokens, each with an id pending."""
    state = grounding_state((6,) * len(pending))
    rows = decode_state(state, [()] * len(pending))
    rows.pending_id_B = torch.tensor(pending)
    return rows, state


def plan(rows: DecodeState, state: GroundingState, *, static_shapes: bool = False) -> StepPlan:
    return StepPlan.make(rows, state, NUMBERS, CLOSING, static_shapes=static_shapes)


def test_words_alone_are_as_narrow_as_their_draft():
    rows, state = rows_with(7, 8)
    made = plan(rows, state)
    assert (made.has_points, made.has_words, made.width, made.length, made.first_choice) == (
        False,
        True,
        1,
        1,
        0,
    )
    rows.ended_B = torch.tensor([False, True])  # behind the points the closing tag is drafted
    made = plan(rows, state)
    assert made.words_BW.tolist() == [[7, NONE, NONE, NONE], [8, 40, 41, 42]]
    assert made.width == made.length == 4
    assert made.branch(torch.tensor([0, 0])).tolist() == [[0, 1, 2, 3]] * 2


def test_a_point_alone_is_its_tree():
    made = plan(*rows_with(WORDS + 4))
    assert (made.has_points, made.has_words) == (True, False)
    assert (made.width, made.length, made.first_choice) == (7, 4, 2)
    assert (made.patch_B.tolist(), made.number_B.tolist()) == ([4], [51])


def test_no_more_points_is_fed_as_a_word():
    made = plan(*rows_with(WORDS + 6))
    assert (made.has_points, made.has_words) == (False, True)


def test_the_last_number_stands_for_all_larger_ones():
    rows, state = rows_with(WORDS)
    rows.num_points_B = torch.tensor([30])
    assert plan(rows, state).number_B.tolist() == [59]


def test_points_and_words_together():
    rows, state = rows_with(WORDS + 4, 8)
    rows.ended_B = torch.tensor([False, True])
    made = plan(rows, state)
    assert (made.width, made.length, made.first_choice) == (7, 4, 0)
    slots, locations = torch.tensor([1, 0]), torch.tensor([2, 0])
    assert made.branch(slots).tolist() == [[0, 2, 4, 6], [0, 1, 2, 3]]
    # patch 4, subpatch 1 behind 6 patches and "no more points", location 2 behind 2 subpatches, number 1
    assert made.fed_ids(slots, locations, state).tolist() == [
        [WORDS + 4, WORDS + 7 + 1, WORDS + 9 + 2, 51],
        [8, 40, 41, 42],
    ]
    assert made.fed_ids(torch.tensor([-1, 0]), locations, state)[0, 1] == NONE


def test_models_without_locations_have_shorter_branches():
    state = grounding_state((6,), locations=0)
    rows = decode_state(state)
    rows.pending_id_B = torch.tensor([WORDS + 2])
    made = plan(rows, state)
    assert (made.width, made.length) == (5, 3)
    assert made.fed_ids(torch.tensor([1]), torch.tensor([0]), state).tolist() == [[WORDS + 2, WORDS + 8, 51]]


@pytest.mark.parametrize("pending", [7, WORDS + 4])
def test_static_shapes_are_those_of_the_widest_step(pending):
    made = plan(*rows_with(pending), static_shapes=True)
    assert (made.has_points, made.has_words) == (True, True)
    assert made.width == made.length == 1 + MAX_DRAFTED_WORDS
    assert made.width <= MAX_WIDTH
