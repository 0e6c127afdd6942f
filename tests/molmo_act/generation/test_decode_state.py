"""What a step adds to the answers: drafts that come true or not, ends, bounds, and the first patch."""

from __future__ import annotations

import pytest
import torch

from molmo_act.generation.decode_state import DecodeState, StepChoices, StopCriteria
from molmo_act.generation.limits import MAX_LABEL_IDS, NONE
from tests.support.decode_states import WORDS, decode_state, grounding_state

END = 99
CLOSING = torch.tensor([40, 41, 42])


def stop(max_points: int | None = None, max_new_tokens: int = 50) -> StopCriteria:
    return StopCriteria(WORDS, torch.tensor([END]), max_points, max_new_tokens)


def choices(
    fed: list[int], ids: list[int], *, completes: int = 0, patches: int = 7, refused: tuple[int, ...] = ()
) -> StepChoices:
    """One row; each choice has a probability and patch probabilities of its own."""
    count = len(ids)
    return StepChoices(
        fed_BN=torch.tensor([fed]),
        ids_BN=torch.tensor([ids]),
        probabilities_BN=torch.arange(count)[None] / 10,
        patch_probabilities_BNP=torch.arange(count)[None, :, None].expand(1, count, patches) / 100,
        completes_B=torch.tensor([completes]),
        refused_BN=torch.tensor([[place in refused for place in range(count)]]),
    )


def state(draft: tuple[int, ...] = ()) -> DecodeState:
    return decode_state(grounding_state(), [draft], length=5, padding=1)


# Each row: ids that were fed (the pending one first), ids chosen after each, how many the answer takes.
ACCEPTED = [
    ([7, 8, 9], [8, 9, 10], 3),  # the whole draft was right, and one more is known
    ([7, 8, 9], [8, 5, 10], 2),  # the second drafted id was wrong; what was chosen instead counts
    ([7, 8, 9], [5, 9, 10], 1),  # the first was wrong; that the second would be right says nothing
    ([7, NONE, NONE], [8, 3, 3], 1),  # nothing was drafted
    ([7, 8, 9], [8, END, 1], 1),  # the end is no part of the answer
]


@pytest.mark.parametrize(("fed", "chosen", "accepted"), ACCEPTED)
def test_a_draft_is_accepted_up_to_the_first_wrong_id(fed, chosen, accepted):
    rows = state()
    length = int(rows.length_B)
    output = rows.accept(choices(fed, chosen), stop())
    assert output.accepted_B.tolist() == [accepted]
    ended = END in chosen
    assert rows.complete_B.tolist() == rows.stopped_B.tolist() == [ended]
    assert rows.pending_id_B.tolist() == [END if ended else chosen[accepted - 1]]
    assert int(rows.length_B) - length == accepted + ended
    assert rows.num_ids_B.tolist() == [accepted]


def test_prompts_begin_with_their_last_token_pending():
    rows = state((1, 2))
    assert (int(rows.length_B), int(rows.padding_B), int(rows.num_points_B)) == (4, 1, 0)
    assert rows.no_more_points_id_B.tolist() == [WORDS + 6]
    assert rows.draft_BT.tolist() == [[1, 2] + [NONE] * (MAX_LABEL_IDS - 1)]
    assert rows.real_BS[0, :6].tolist() == [False, True, True, True, True, True]
    without = decode_state(grounding_state(no_more_points=False))
    assert without.no_more_points_id_B.tolist() == [NONE]


def test_an_answer_that_is_long_enough_stops_without_being_complete():
    rows = state()
    rows.accept(choices([7], [8]), stop(max_new_tokens=2))
    assert not rows.stopped_B
    rows.accept(choices([8], [9]), stop(max_new_tokens=2))
    assert rows.stopped_B
    assert not rows.complete_B


def test_a_stopped_row_stands_still():
    rows = state()
    rows.accept(choices([7], [END]), stop())
    before = rows.length_B.clone(), rows.num_ids_B.clone()
    output = rows.accept(choices([END], [5]), stop())
    assert output.accepted_B.tolist() == [0]
    assert (rows.length_B, rows.num_ids_B) == before
    assert rows.complete_B


def test_max_points_ends_an_answer_at_the_patch_of_the_next():
    rows = state()
    rows.accept(choices([WORDS], [8], completes=1), stop(max_points=1))
    assert not rows.stopped_B  # its number may have more digits
    output = rows.accept(choices([8], [WORDS + 3]), stop(max_points=1))
    assert rows.complete_B
    assert output.accepted_B.tolist() == [0]


def test_the_first_patch_step_is_kept():
    rows = state()
    rows.accept(choices([7, 8], [8, WORDS + 2]), stop())
    assert rows.has_first_patch_B
    assert rows.first_patch_probabilities_BP[0].tolist() == pytest.approx([0.01] * 7)
    rows.accept(choices([WORDS + 2], [WORDS + 4]), stop())
    assert rows.first_patch_probabilities_BP[0].tolist() == pytest.approx([0.01] * 7)


def test_no_more_points_begins_the_draft_of_the_label():
    rows = state((21, 22, 23))
    assert rows.drafted_words(CLOSING, 2).tolist() == [[NONE, NONE]]
    no_more = int(rows.no_more_points_id_B)
    rows.accept(choices([7], [no_more]), stop())
    assert rows.ended_B
    assert rows.drafted_words(CLOSING, 4).tolist() == [[21, 22, 23, NONE]]
    rows.accept(choices([no_more, 21], [21, 22]), stop())  # both as drafted
    assert rows.drafted_words(CLOSING, 3).tolist() == [[23, NONE, NONE]]
    rows.accept(choices([22], [55]), stop())  # another word: the closing tag may come at any moment
    assert rows.drafted_words(CLOSING, 4).tolist() == [[40, 41, 42, NONE]]
    assert rows.drafted_words(CLOSING, 2).tolist() == [[40, 41]]


def test_rows_are_selected_copied_and_padded():
    both = decode_state(grounding_state((6, 6)), [(1,), (2,)])
    chosen = both.select(torch.tensor([1]))
    assert (chosen.prompt_index_B.tolist(), chosen.draft_BT[:, 0].tolist()) == ([1], [2])
    clone = both.clone()
    clone.pending_id_B.fill_(9)
    assert both.pending_id_B.tolist() == [NONE, NONE]
    target = both.clone()
    target.copy_(clone)
    assert target.pending_id_B.tolist() == [9, 9]
    assert target.last_patch_B.tolist() == [NONE, NONE]
    both.first_patch_probabilities_BP[:] = torch.arange(1.0, 8.0)
    assert both.padded(8).first_patch_probabilities_BP[0].tolist() == [1, 2, 3, 4, 5, 6, 0, 0, 7]
