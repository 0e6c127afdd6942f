"""What ids mean for each row of a batch, and the tables that decoding keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from molmo_act.formats.grounding_tokens import PromptIds
from molmo_act.models.molmo_point.grounding_state import ExtendedIds, GroundingState

IDS = ExtendedIds(100, torch.tensor([5, 3]), num_subpatches=4, num_locations=9, no_more_points=True)


@pytest.fixture
def state() -> GroundingState:
    """Two rows of five patches, the second with two of padding."""
    torch.manual_seed(0)
    return GroundingState(
        ids=IDS,
        patch_keys_BPE=torch.randn(2, 5, 6),
        indexable_BP=torch.tensor([[False, True, True, True, True], [True, True, True, False, False]]),
        positions_BP=torch.tensor([[-1, 0, 1, 2, 3], [0, 1, 2, 2, 2]]),
        image_features_BPD=torch.randn(2, 5, 7),
        vit_features_BPKC=torch.randn(2, 5, 4, 8),
        subpatch_keys_BPKE=torch.randn(2, 5, 4, 6),
        subpatch_valid_BPK=torch.ones(2, 5, 4, dtype=torch.bool),
        last_patch_B=torch.tensor([-1, -1]),
    )


@pytest.mark.parametrize("no_more", [True, False])
@pytest.mark.parametrize("locations", [9, 0])
def test_offsets_are_those_of_one_prompt(no_more, locations):
    ids = replace(IDS, no_more_points=no_more, num_locations=locations)
    for row, patches in enumerate((5, 3)):
        one = PromptIds(100, patches, 4, locations, no_more)
        assert 100 + int(ids.subpatch_start_B[row]) == one.subpatch_start
        assert 100 + int(ids.location_start_B[row]) == one.location_start
        assert int(ids.end_B[row]) == one.location_start - 100 + locations


@pytest.mark.parametrize(
    ("offsets", "kinds", "patches", "subpatches"),
    [
        ((-1, 0), ("word", "patch"), (None, 0), (None, None)),
        ((4, 3), ("patch", "no more"), (4, None), (None, None)),
        ((5, 4), ("no more", "subpatch"), (None, None), (None, 0)),
        ((9, 8), ("subpatch", "location"), (None, None), (3, None)),
        ((18, 16), ("location", "location"), (None, None), (None, None)),
        ((19, 17), ("nothing", "nothing"), (None, None), (None, None)),
    ],
)
def test_reading_ids(offsets, kinds, patches, subpatches):
    got = IDS.read(torch.tensor(offsets) + 100)
    flags = {
        "patch": got.is_patch_B,
        "no more": got.is_no_more_B,
        "subpatch": got.is_subpatch_B,
        "location": got.is_location_B,
    }
    for row, kind in enumerate(kinds):
        assert {name for name, flag in flags.items() if flag[row]} == {kind} & flags.keys()
        assert patches[row] is None or got.patch_B[row] == patches[row]
        assert subpatches[row] is None or got.subpatch_B[row] == subpatches[row]
        assert 0 <= got.patch_B[row] < (5, 3)[row]  # usable as an index whatever the id
        assert 0 <= got.subpatch_B[row] < 4


def test_without_the_class_the_id_behind_the_patches_is_a_subpatch():
    got = replace(IDS, no_more_points=False).read(torch.tensor([105, 103]))
    assert not got.is_no_more_B.any()
    assert got.is_subpatch_B.all()


def test_the_last_patch_moves_on_with_patches_only(state):
    assert state.last_position_B.tolist() == [-1, -1]
    state = state.after(IDS.read(torch.tensor([102, 7])))
    assert state.last_patch_B.tolist() == [2, -1]
    assert state.last_position_B.tolist() == [1, -1]
    state = state.after(IDS.read(torch.tensor([107, 101])))  # a subpatch, a patch
    assert state.last_patch_B.tolist() == [2, 1]


def test_windows_are_looked_up_row_by_row(state):
    got = state.window(state.subpatch_keys_BPKE, torch.tensor([4, 0]))
    assert torch.equal(got, torch.stack((state.subpatch_keys_BPKE[0, 4], state.subpatch_keys_BPKE[1, 0])))


def test_rows_are_selected_with_their_ids(state):
    got = state.select(torch.tensor([1]))
    assert got.ids.num_patches_B.tolist() == [3]
    assert torch.equal(got.patch_keys_BPE, state.patch_keys_BPE[1:])


def test_a_clone_shares_no_memory_and_takes_values_over(state):
    copy = state.clone()
    copy.patch_keys_BPE.zero_()
    copy.ids.num_patches_B.zero_()
    assert state.patch_keys_BPE.any()
    assert IDS.num_patches_B.tolist() == [5, 3]
    where = copy.patch_keys_BPE.data_ptr()
    copy.copy_(state)
    assert torch.equal(copy.patch_keys_BPE, state.patch_keys_BPE)
    assert copy.ids.num_patches_B.tolist() == [5, 3]
    assert copy.patch_keys_BPE.data_ptr() == where


def test_padding_cannot_be_pointed_at(state):
    got = state.padded(8)
    assert got.patch_keys_BPE.shape == (2, 8, 6)
    assert got.subpatch_valid_BPK.shape == (2, 8, 4)
    assert not got.indexable_BP[:, 5:].any()
    assert torch.equal(got.vit_features_BPKC[:, :5], state.vit_features_BPKC)
    assert torch.equal(got.last_patch_B, state.last_patch_B)
    assert got.ids is state.ids
