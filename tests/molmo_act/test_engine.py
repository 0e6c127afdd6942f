"""What the engine records of the ids it is led to. That it chooses as the original does: test_molmo_point."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers import LogitsProcessorList

from molmo_act.engine import Answer, _Steps, answer, patch_probabilities
from molmo_act.modeling.grounding_state import GroundingState
from molmo_act.modeling.molmo_point import MolmoPointOutput
from tests.tiny_checkpoint import load_case, model_inputs, tiny_model

END, WORD, ONE, NOUGHT = 702, 446, 16, 15  # ids of the tiny tokenizer; the last two are digits
PATCHES, SLOTS = 76, 4
START = 896
NO_MORE = START + PATCHES
POINT = [START + 30, NO_MORE + 1, NO_MORE + 1 + SLOTS]  # patch 30, its first slot, its first location
NEXT = [START + 40, *POINT[1:]]


@pytest.fixture(scope="module")
def state() -> GroundingState:
    with torch.no_grad():
        return tiny_model()(**model_inputs(load_case("image_one")[1])).grounding_state


def led(state: GroundingState, *scripts: list[int], max_points: int | None = None) -> list[Answer]:
    """Rows of a batch whose logits lead to these ids."""
    rows = [Answer() for _ in scripts]
    state = replace(state, ids=replace(state.ids, num_patches_B=torch.tensor([PATCHES] * len(scripts))))
    state = replace(state, last_patch_B=torch.full((len(scripts),), -1))
    inputs = {"input_ids": torch.zeros(len(scripts), 1).long(), "attention_mask": torch.ones(len(scripts), 1)}
    steps = _Steps(tiny_model(), inputs, LogitsProcessorList(), rows, {END}, max_points)
    width = START + int(state.ids.end_B.max())
    for tokens in zip(*scripts, strict=True):
        logits = torch.nn.functional.one_hot(torch.tensor(tokens), width)[:, None].float()
        even = {
            "subpatch_scores": torch.zeros(len(scripts), SLOTS),
            "location_scores": torch.zeros(len(scripts), 9),
        }
        patches = torch.zeros(len(scripts), PATCHES + 1)
        steps.choose(MolmoPointOutput(logits=logits, grounding_state=state, patch_scores=patches, **even))
        if steps.finished:
            break
    return rows


@pytest.mark.parametrize(
    ("script", "max_points", "kept"),
    [
        # without a bound everything up to the end
        ([WORD, *POINT, ONE, *NEXT, ONE, NO_MORE, WORD, END], None, 11),
        # one point: up to its number
        ([WORD, *POINT, ONE, *NEXT, ONE, NO_MORE, WORD, END], 1, 5),
        # a number of two digits stays whole
        ([WORD, *POINT, ONE, NOUGHT, *NEXT, ONE, END], 1, 6),
        # the end of the list counts as no point
        ([WORD, *POINT, ONE, NO_MORE, WORD, END], 2, 7),
        # a point without a number is none
        ([WORD, *POINT, *NEXT, ONE, NO_MORE, END], 1, 8),
        # words behind the number: nothing more to wait for, but no grounding id either
        ([WORD, *POINT, ONE, WORD, END], 1, 6),
    ],
)
def test_where_an_answer_ends(state, script, max_points, kept):
    (row,) = led(state, script, max_points=max_points)
    assert row.tokens == script[:kept]
    assert len(row.probabilities) == kept


def test_probability_is_among_the_tokens_own_kind(state):
    (row,) = led(state, [*POINT, ONE, NO_MORE])
    assert row.probabilities[:3] == pytest.approx([1 / (PATCHES + 1), 1 / SLOTS, 1 / 9])
    assert row.probabilities[4] == pytest.approx(1 / (PATCHES + 1))
    assert row.first_patch.shape == (PATCHES + 1,)
    assert row.absent == pytest.approx(1 / (PATCHES + 1))


def test_an_ended_row_learns_nothing_from_what_is_fed_after_it(state):
    ended, going = led(state, [WORD, END, *POINT], [WORD, *POINT, ONE])
    assert ended.tokens == [WORD]
    assert ended.first_patch is None
    assert ended.absent == 1 - ended.opening
    assert going.first_patch is not None


def test_patch_probabilities(state):
    scores = torch.linspace(-1, 1, PATCHES + 1)[None]
    torch.testing.assert_close(patch_probabilities(scores, state, None), scores.softmax(-1))
    # a temperature takes the place of the square root of the number of keys
    raw = scores * (PATCHES + 1) ** 0.5
    torch.testing.assert_close(patch_probabilities(scores, state, 3.0), (raw / 3).softmax(-1))
    # points go forward: patches before the last one take no part, the last one itself does
    later = patch_probabilities(scores, replace(state, last_patch_B=torch.tensor([5])), None)
    assert later[0, :5].tolist() == [0] * 5
    torch.testing.assert_close(later[0, 5:], scores[0, 5:].softmax(-1))


def test_longest_answer():
    inputs = model_inputs(load_case("image_one")[1])
    (row,) = answer(tiny_model(), inputs, opening_id=WORD, end_ids=[END], max_new_tokens=5).rows
    assert row.tokens == load_case("image_one")[1]["greedy.tokens"].tolist()[:5]
    assert 0.5 < row.opening <= 1
