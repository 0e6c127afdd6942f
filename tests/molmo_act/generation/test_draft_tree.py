"""The tree of a point: which node is where, attends to what, and is embedded as what."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from molmo_act.formats.point_tree import TreeShape
from molmo_act.generation.draft_tree import PointTree
from tests.support.decode_states import grounding_state
from tests.support.tiny_checkpoint import tiny_model

CPU = torch.device("cpu")


def test_nodes_of_two_slots_with_locations():
    tree = PointTree(slots=2, has_locations=True, device=CPU)
    # nodes: patch, two subpatches, their locations, their numbers
    assert tree.depth_W.tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert (tree.width, tree.levels) == (7, 3)
    assert tree.attends_WW.int().tolist() == [
        [1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0],
        [1, 0, 1, 0, 0, 0, 0],
        [1, 1, 0, 1, 0, 0, 0],
        [1, 0, 1, 0, 1, 0, 0],
        [1, 1, 0, 1, 0, 1, 0],
        [1, 0, 1, 0, 1, 0, 1],
    ]
    assert tree.branch(torch.tensor([0, 1])).tolist() == [[0, 1, 3, 5], [0, 2, 4, 6]]


@pytest.mark.parametrize("has_locations", [True, False])
@pytest.mark.parametrize("slots", [1, 4, 9])
def test_on_a_device_it_is_the_tree_that_exported_models_feed(slots, has_locations):
    tree, shape = PointTree(slots, has_locations, CPU), TreeShape(slots, has_locations)
    assert tree.depth_W.tolist() == shape.depths().tolist()
    assert tree.attends_WW.tolist() == shape.attends().tolist()


@pytest.mark.parametrize("has_locations", [True, False])
@pytest.mark.parametrize("slots", [1, 4, 9])
def test_a_branch_attends_to_itself_as_a_plain_sequence_does(slots, has_locations):
    tree = PointTree(slots, has_locations, CPU)
    for branch in tree.branch(torch.arange(slots)):
        length = len(branch)
        assert tree.depth_W[branch].tolist() == list(range(length))
        assert torch.equal(tree.attends_WW[branch][:, branch], torch.ones(length, length).tril().bool())
        others = torch.ones(tree.width, dtype=torch.bool)
        others[branch] = False
        assert not tree.attends_WW[branch][:, others].any()


@pytest.mark.parametrize("has_locations", [True, False])
def test_nodes_are_embedded_as_a_model_is_fed_them_one_by_one(has_locations):
    core = tiny_model().model
    table, config = core.language_model.embed_tokens, core.config
    width = table.weight.shape[1]
    state = grounding_state((6, 6), slots=3)
    channels = core.build_vit_embedding.in_features
    state = replace(
        state,
        image_features_BPD=torch.randn(2, 6, width),
        vit_features_BPKC=torch.randn(2, 6, 3, channels),
    )
    patch_B, number_B = torch.tensor([4, 1]), torch.tensor([17, 23])
    with torch.no_grad():
        found = PointTree(3, has_locations, CPU).embed(core, patch_B, number_B, state)
        for row, (patch, number) in enumerate(zip(patch_B, number_B, strict=True)):
            expected = [table.weight[config.patch_token_id] + state.image_features_BPD[row, patch]]
            expected += list(core.build_vit_embedding(state.vit_features_BPKC[row, patch]))
            expected += [table.weight[config.location_token_id]] * (3 * has_locations)
            expected += [table.weight[number]] * 3
            torch.testing.assert_close(found[row], torch.stack(expected))
