"""Trees side by side: windows, rows of branches, and who attends to whom."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from model.train.data.branch_targets import CHOICES, IGNORE
from model.train.data.tree_batch import PADDING, collate, joined_pooling
from tests.model.train.small_run import draw_trees


@pytest.fixture(scope="module")
def pair(tokenizer):
    return draw_trees(tokenizer, 2)


def test_windows_are_numbered_over_all_crops():
    trees = [
        SimpleNamespace(patches=np.zeros((2, 3, 1)), token_pooling=np.array([[0, 5], [4, -1]])),
        SimpleNamespace(patches=np.zeros((1, 3, 1)), token_pooling=np.array([[0, 1, 2]])),
        SimpleNamespace(patches=np.zeros((1, 3, 1)), token_pooling=np.array([[2, -1]])),
    ]
    assert joined_pooling(trees).tolist() == [[0, 5, -1], [4, -1, -1], [6, 7, 8], [11, -1, -1]]


def test_branches_fill_rows_of_their_own_tree(pair, model):
    batch = collate(pair, model.config, row_length=96)
    assert batch.examples == 2
    assert batch.tokens == sum(tree.tokens for tree in pair)
    for number, tree in enumerate(pair):
        rows = batch.branch_RL[batch.tree_R == number]
        for branch, (ids, *_) in enumerate(tree.branches):
            assert int((rows == branch).sum()) == len(ids)
            assert int((rows == branch).any(-1).sum()) == 1  # in one row
        assert len(rows) < len(tree.branches)  # several share one


def test_a_long_branch_makes_longer_rows(pair, model):
    longest = max(len(branch.ids) for tree in pair for branch in tree.branches)
    assert collate(pair, model.config, row_length=8).words_RL.shape[1] == longest


def test_padding_asks_nothing(pair, model):
    batch = collate(pair, model.config)
    padding = batch.branch_RL == PADDING
    assert padding.any()
    assert set(batch.answers.targets) == set(CHOICES)
    assert all((targets[padding] == IGNORE).all() for targets in batch.answers.targets.values())
    assert (batch.answers.tree == batch.tree_R[:, None]).all()


def test_branches_attend_to_their_image_and_to_themselves(pair, model):
    batch = collate(pair, model.config)
    images = batch.image_BI.shape[1]
    mask = batch.branch_mask()[0, 0]
    branch = batch.branch_RL[0]
    assert mask[:, :images].all()
    same = branch[:, None] == branch
    assert torch.equal(mask[:, images:], same.tril())
    image = batch.image_mask()[0, 0]
    assert image[0].tolist() == [True] + [False] * (images - 1)  # the start token
    assert image[1:].all()


def test_a_batch_moves_as_a_whole(pair, model):
    batch = replace(collate(pair, model.config)).to("meta")
    assert {getattr(batch, name).device.type for name in vars(batch)} == {"meta"}
    assert float(collate(pair, model.config).weight) == 1.0
