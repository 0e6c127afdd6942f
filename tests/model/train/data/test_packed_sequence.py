"""Packed sequences: what fits, who attends to whom, and what padding holds."""

from __future__ import annotations

import pytest
import torch

from model.data.encoding.packing import Room
from model.train.data.branch_targets import IGNORE
from model.train.data.packed_sequence import NO_TREE, ROOT, fit_tree, pack


def test_a_tree_is_cut_to_the_branches_that_fit(trees):
    tree = trees[0]
    lengths = [len(branch.ids) for branch in tree.branches]
    exact = len(tree.prefix) + sum(lengths[:2])
    crops = len(tree.patches)
    assert fit_tree(tree, Room(exact, crops)).branches == tree.branches[:2]
    assert fit_tree(tree, Room(exact - 1, crops)).branches == tree.branches[:1]
    assert fit_tree(tree, Room(len(tree.prefix) + lengths[0] - 1, crops)) is None
    assert fit_tree(tree, Room(exact, crops - 1)) is None
    assert fit_tree(tree, Room(10_000, crops)).tokens == tree.tokens


def test_positions_attend_to_their_image_and_to_what_came_before_in_their_branch(model, trees):
    sequence = pack(trees[:2], model.config)
    mask = sequence.dense_mask()[0, 0]
    tree, branch = sequence.tree_S, sequence.branch_S
    assert not mask[tree == 0][:, tree == 1].any()
    image = sequence.vision_S & (tree == 0)
    assert mask[image][:, image].all()  # both directions
    first, second = ((tree == 0) & (branch == number) for number in (1, 2))
    assert mask[first][:, image].all()
    assert not mask[first][:, second].any()
    assert not mask[second][:, first].any()
    length = int(first.sum())
    assert torch.equal(mask[first][:, first], torch.ones(length, length, dtype=torch.bool).tril())
    assert not mask[image][:, first].any()


def test_positions_of_branches_go_on_where_their_image_ended(model, trees):
    sequence = pack(trees[:1], model.config)
    end = len(trees[0].prefix)
    for number in range(1, len(trees[0].branches) + 1):
        assert int(sequence.position_S[sequence.branch_S == number][0]) == end


def test_padding_asks_nothing(model, trees):
    used = trees[0].tokens
    sequence = pack(trees[:1], model.config, length=used + 5)
    assert (sequence.tokens, len(sequence.words_S), sequence.examples) == (used, used + 5, 1)
    padding = sequence.tree_S == NO_TREE
    assert padding[used:].all()
    assert (sequence.branch_S[padding] == ROOT).all()
    assert all((targets[padding] == IGNORE).all() for targets in sequence.answers.targets.values())
    assert float(sequence.weight) == pytest.approx(float(pack(trees[:1], model.config).weight))
