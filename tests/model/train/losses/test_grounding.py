"""The four losses of an answer, against their formulas."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from model.train.data.branch_targets import CHOICES, IGNORE
from model.train.data.packed_sequence import pack
from model.train.losses.grounding import (
    PatchKeys,
    encode_images,
    feed_answers,
    location_loss,
    patch_loss,
    word_loss,
)
from model.train.losses.packed import PackedLossModule
from tests.model.train.small_run import draw_trees


@pytest.fixture(scope="module")
def sequence(tokenizer, model):
    return pack(draw_trees(tokenizer, 2), model.config)


@pytest.fixture(scope="module")
def views(model, sequence):
    with torch.no_grad():
        return encode_images(model.model, sequence.patches, sequence.pooling_NK)


def states(model, count: int) -> torch.Tensor:
    torch.manual_seed(3)
    return torch.randn(count, model.config.text_config.hidden_size)


@torch.no_grad()
def test_words_cost_their_cross_entropy(model):
    x, targets = states(model, 4), torch.tensor([1, 5, 2, 9])
    logits = model.lm_head(model.model.final_norm(x))
    loss, likeliest = word_loss(model, x, targets, z_loss=0.0)
    torch.testing.assert_close(loss, -logits.log_softmax(-1)[torch.arange(4), targets])
    assert torch.equal(likeliest, logits.argmax(-1))


@torch.no_grad()
def test_locations_cost_their_cross_entropy(model):
    x, targets = states(model, 3), torch.tensor([0, 4, 8])
    scores = model.model.point_predictor.scores_of_locations(x)
    loss, _ = location_loss(model.model, x, targets)
    torch.testing.assert_close(loss, F.cross_entropy(scores, targets, reduction="none"))


@torch.no_grad()
def test_patches_are_chosen_among_those_of_their_own_image_and_not_before_the_last(model, sequence):
    core, count = model.model, len(sequence.tree_N)
    head = core.point_predictor
    keys_NE = head.patch_keys(states(model, count), sequence.position_N)
    keys = PatchKeys(keys_NE, sequence.position_N, sequence.indexable_N, sequence.tree_N)
    second = int((sequence.tree_N == 0).sum())
    last = second + 3
    loss_of = {}
    for row in range(count + 1):
        x, target = states(model, 1), torch.tensor([row])
        loss, likeliest = patch_loss(core, x, target, torch.tensor([last]), torch.tensor([1]), keys)
        loss_of[row] = float(loss)
    allowed = [row for row in range(last, count) if sequence.indexable_N[row]] + [count]
    assert sum(torch.tensor([loss_of[row] for row in allowed]).neg().exp()) == pytest.approx(1.0, abs=1e-4)
    assert all(loss_of[row] > 1000 for row in loss_of if row not in allowed)
    assert int(likeliest) == min(allowed, key=loss_of.__getitem__)


@torch.no_grad()
def test_fed_patches_add_their_features_and_fed_slots_replace_the_word(model, views):
    embeds = states(model, 3)
    patch, subpatch = torch.tensor([-1, 4, 4]), torch.tensor([-1, -1, 2])
    fed = feed_answers(model.model, embeds, patch, subpatch, views)
    assert torch.equal(fed[0], embeds[0])
    torch.testing.assert_close(fed[1], embeds[1] + views.features_ND[4])
    torch.testing.assert_close(fed[2], model.model.build_vit_embedding(views.windows_NKC[4, 2]))


@torch.no_grad()
def test_choices_stand_where_there_are_targets(model, sequence):
    choices = PackedLossModule(model).choices(sequence)
    assert tuple(choices) == CHOICES
    for kind, each in choices.items():
        targets = sequence.answers.targets[kind]
        assert torch.equal(each.where, targets != IGNORE)
        assert torch.equal(each.target_M, targets[each.where])
        assert each.loss_M.shape == each.likeliest_M.shape == each.target_M.shape
