"""Choices of one prompt: the same as `molmo_act.generation.sampling` makes for batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from molmo_act.formats.grounding_tokens import PromptIds
from molmo_act.formats.order_rules import OrderRules
from molmo_act.generation import sampling
from molmo_act.generation.one_prompt.choices import Chooser, patch_probabilities, softmax
from tests.support.decode_states import WORDS, grounding_state


def test_probabilities_of_scores():
    scores = np.array([[1.0, 2.0, -np.inf], [1000.0, 0.0, 0.0]], np.float32)
    np.testing.assert_allclose(softmax(scores), torch.from_numpy(scores).softmax(-1).numpy(), atol=1e-7)


@pytest.mark.parametrize("temperature", [None, 3.0])
@pytest.mark.parametrize("no_more_points", [True, False])
@pytest.mark.parametrize("last_patch", [-1, 0, 4])
def test_probabilities_of_patches(temperature, no_more_points, last_patch):
    scores = np.random.default_rng(0).standard_normal((2, 6 + no_more_points)).astype(np.float32)
    ids = PromptIds(WORDS, 6, 2, 3, no_more_points)
    state = grounding_state((6,), no_more_points=no_more_points)
    last = torch.full((1, 2), last_patch)
    expected = sampling.patch_probabilities(torch.from_numpy(scores)[None], last, state, temperature)
    np.testing.assert_allclose(
        patch_probabilities(scores, last_patch, ids, temperature), expected[0], atol=1e-6
    )


class Scores:
    """A network with the scores of one patch and one subpatch."""

    def subpatch_scores(self, hidden, keys, valid):
        return np.array([[1.0, 5.0, 3.0]], np.float32)

    def location_scores(self, hidden):
        return np.array([[1.0, 2.0, 0.0]], np.float32)


@pytest.mark.parametrize(
    ("allowed", "slot"), [([1, 1, 1], 1), ([1, 0, 1], 2), ([0, 0, 0], -1)], ids=["best", "next", "none"]
)
def test_slots_and_locations(allowed, slot):
    class Tables:
        subpatch_keys = valid = np.zeros((4, 3))

    chooser = Chooser(Scores(), None, Tables(), PromptIds(WORDS, 4, 3), "reference", OrderRules(), 0)
    found, share = chooser.subpatch(np.zeros(4), 2, np.array(allowed, bool))
    assert found == slot
    expected = torch.tensor([1.0, 5.0, 3.0]).softmax(-1)[slot] if slot >= 0 else 0
    assert share == pytest.approx(float(expected))
    assert chooser.location(np.zeros(4)) == (
        1,
        pytest.approx(float(torch.tensor([1.0, 2.0, 0.0]).softmax(-1)[1])),
    )
