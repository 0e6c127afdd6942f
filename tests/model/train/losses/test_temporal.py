"""Images of packed sequences, encoded with the frames before them as a stream encodes them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from model.train.config.packed import PackedRecipe
from model.train.data.packed_sequence import pack
from model.train.losses.grounding import encode_images
from model.train.losses.temporal import encode_with_frames_before
from model.train.models.init import add_temporal_module
from molmo_act.models.molmo_point.tiling import normalize


@pytest.fixture
def mixing(model):
    mine = deepcopy(model)
    add_temporal_module(mine, PackedRecipe(module="attention", past=2))
    return mine.double()  # random weights attend to one patch, so that float32 depends on the size of a batch


def with_frames(trees):
    """The first has two frames before it, the second none, the third one."""
    rng = np.random.default_rng(0)

    def frames(tree, count):
        shape = (count * len(tree.patches), *tree.patches.shape[1:])
        return replace(tree, before=rng.integers(0, 256, shape).astype(np.uint8))

    return [frames(trees[0], 2), trees[1], frames(trees[2], 1)]


def test_each_image_is_mixed_with_the_mean_of_its_own_frames(mixing, trees):
    core, shown = mixing.model, with_frames(trees)
    batch = pack(shown, mixing.config)
    with torch.no_grad():
        found = encode_with_frames_before(core, batch)
        begin = 0
        for tree, count in zip(shown, (2, 0, 1), strict=True):
            pooling = torch.from_numpy(tree.token_pooling)
            windows = core.gather_windows(normalize(torch.from_numpy(tree.patches)), pooling)
            past = [
                core.gather_windows(normalize(torch.from_numpy(part)), pooling)
                for part in (np.split(tree.before, count) if count else [])
            ]
            mean = torch.stack(past).mean(0) if past else None
            alone = core.pool_windows(windows, pooling >= 0, mean).features_ND
            mine = found.features_ND[begin : begin + len(pooling)]
            torch.testing.assert_close(mine, alone, atol=1e-5, rtol=1e-5)
            begin += len(pooling)
    assert begin == len(found.features_ND)


def test_frames_before_teach_the_module_and_not_the_vision_tower(mixing, trees):
    shown = with_frames(trees)
    batch = pack(shown, mixing.config)
    encode_with_frames_before(mixing.model, batch).features_ND.sum().backward()
    mixer = mixing.model.temporal.mixer
    assert all(projection.grad.any() for projection in (mixer.in_proj_weight, mixer.out_proj.weight))
    assert any(parameter.grad is not None for parameter in mixing.model.vision_tower.parameters())


def test_without_a_module_or_frames_nothing_changes(model, mixing, trees):
    plain = pack(trees[:3], model.config)
    for one in (model, mixing):
        with torch.no_grad():
            found = encode_with_frames_before(one.model, plain).features_ND
            expected = encode_images(one.model, plain.patches, plain.pooling_NK).features_ND
        assert torch.equal(found, expected)
