"""Where a fresh vision tower starts: every place has an embedding of its own, alike for neighbours."""

from __future__ import annotations

import torch

from model.train.models.positions import STRENGTH, place_patches, sine_positions
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration
from tests.model.train.small_run import make_tokenizer, tiny_config


def test_neighbours_are_more_alike_than_distant_places():
    side = 16
    grid = sine_positions(side, 192).unflatten(0, (side, side))
    here, beside, far = grid[8, 8], grid[8, 9], grid[2, 14]
    assert here @ beside > here @ far
    assert len(grid.flatten(0, 1).unique(dim=0)) == side * side
    assert torch.allclose(grid[3, 5][:96], grid[3, 11][:96])  # rows say nothing of columns
    assert torch.allclose(grid[3, 5][96:], grid[9, 5][96:])


def test_a_vision_tower_gets_them():
    model = MolmoPointForConditionalGeneration(tiny_config(make_tokenizer()))
    tower = model.model.vision_tower
    place_patches(tower)
    assert torch.equal(tower.positional_embedding, STRENGTH * sine_positions(8, 32))
