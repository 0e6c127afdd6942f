"""Scores and keys of the grounding head against the formulas, written out."""

from __future__ import annotations

import math

import pytest
import torch

from molmo_act.models.molmo_point.grounding_head import (
    MASKED_PATCH,
    MASKED_SUBPATCH,
    patch_scores,
    rotate,
    subpatch_scores,
)
from tests.support.tiny_checkpoint import tiny_model


def test_rotation_turns_pairs_of_the_two_halves():
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    got = rotate(x, torch.tensor([2]), theta=10.0)[0].tolist()
    for pair in range(2):
        angle = 2 * 10.0 ** (-2 * pair / 4)
        a, b = x[0, pair].item(), x[0, pair + 2].item()
        assert got[pair] == pytest.approx(a * math.cos(angle) - b * math.sin(angle), abs=1e-6)
        assert got[pair + 2] == pytest.approx(b * math.cos(angle) + a * math.sin(angle), abs=1e-6)


def test_rotation_keeps_products_of_equal_distances():
    torch.manual_seed(0)
    q, k = torch.randn(2, 8)

    def product(first: int, second: int) -> float:
        turned = [rotate(x, torch.tensor(at), 50.0) for x, at in ((q, first), (k, second))]
        return float(turned[0] @ turned[1])

    assert product(3, 7) == pytest.approx(product(13, 17), abs=1e-5)
    assert product(3, 7) != pytest.approx(product(3, 8), abs=1e-3)
    assert torch.equal(rotate(q, torch.tensor(0), 50.0), q)


def test_patch_scores_leave_out_what_cannot_be_pointed_at():
    q, k = torch.randn(1, 2, 4), torch.randn(1, 3, 4)
    valid = torch.tensor([[True, False, True]])
    got = patch_scores(q, k, torch.ones(4), valid)
    assert got.shape == (1, 2, 4)
    torch.testing.assert_close(got[0, :, 0], q[0] @ k[0, 0])
    assert (got[0, :, 1] == MASKED_PATCH).all()
    torch.testing.assert_close(got[0, :, 3], q[0].sum(-1))  # "no more points", never masked
    assert patch_scores(q, k, None, valid).shape == (1, 2, 3)


def test_subpatch_scores_leave_out_empty_slots():
    q, k = torch.randn(2, 4), torch.randn(2, 3, 4)
    got = subpatch_scores(q, k, torch.tensor([[True, True, True], [True, False, False]]))
    torch.testing.assert_close(got[0], k[0] @ q[0])
    torch.testing.assert_close(got[1, 0], k[1, 0] @ q[1])
    assert (got[1, 1:] == MASKED_SUBPATCH).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_what_may_not_be_chosen_is_the_lowest_in_every_type(dtype):
    q, k = torch.full((1, 1, 4), -100.0, dtype=dtype), torch.full((1, 2, 4), 100.0, dtype=dtype)
    valid = torch.tensor([[False, True]])
    for scores in (patch_scores(q, k, None, valid)[0, 0], subpatch_scores(q[0], k, valid)[0]):
        assert scores.dtype == dtype
        assert scores.isfinite().all()
        assert scores.argmax() == 1


@torch.no_grad()
def test_scores_are_divided_by_the_roots_of_keys_and_of_width():
    head = tiny_model().model.point_predictor
    width, hidden = head.patch_q.out_features, head.patch_q.in_features
    x = torch.randn(1, 1, hidden)
    k = torch.randn(1, 5, width)
    before = torch.tensor([[-1]])  # nothing chosen yet: no rotation
    got = head.scores_of_patches(x, before, k, torch.ones(1, 5, dtype=torch.bool), torch.tensor([6]))
    q = head.patch_q(head.x_norm(x))
    torch.testing.assert_close(got[..., :5], q @ k.transpose(1, 2) / math.sqrt(6))
    torch.testing.assert_close(got[..., 5], q @ head.no_more_key / math.sqrt(6))
    got = head.scores_of_subpatches(x[:, 0], k, torch.ones(1, 5, dtype=torch.bool))
    q = head.subpatch_q(head.x_norm(x[:, 0]))
    torch.testing.assert_close(got, (k @ q[..., None])[..., 0] / math.sqrt(width))


@torch.no_grad()
def test_locations_are_read_from_states_without_the_norm():
    head = tiny_model().model.point_predictor
    x = torch.randn(2, head.subpatch_loc_k.in_features)
    expected = x @ head.subpatch_loc_k.weight.T + head.subpatch_loc_k.bias
    torch.testing.assert_close(head.scores_of_locations(x), expected)
    assert head.scores_of_locations(x).shape == (2, 9)
