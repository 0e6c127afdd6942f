"""SAM 2 of transformers end to end, on a tiny model of random weights: what goes in, what comes out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import Sam2VideoConfig, Sam2VideoModel

from molmo_act.errors import CheckpointError
from molmo_act.masks import masks_between
from molmo_act.sam2_masks import Sam2Propagator

SIDE = 64
WIDTH = 128  # of everything; SAM 2 splits it into memories of 64


@pytest.fixture(scope="module")
def tiny() -> Sam2VideoModel:
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "embed_dim_per_stage": [8, 16, 32, 64],
        "blocks_per_stage": [1, 1, 2, 1],
        "num_attention_heads_per_stage": [1, 1, 2, 2],
        "image_size": [SIDE, SIDE],
        "global_attention_blocks": [3],
        "window_size_per_stage": [8, 4, 4, 4],
        "window_positional_embedding_background_size": [4, 4],
    }
    torch.manual_seed(2)
    return Sam2VideoModel(
        Sam2VideoConfig(
            vision_config={
                "backbone_config": backbone,
                "backbone_channel_list": [64, 32, 16, 8],
                "backbone_feature_sizes": [[SIDE // scale] * 2 for scale in (4, 8, 16)],
                "fpn_hidden_size": WIDTH,
            },
            prompt_encoder_config={"hidden_size": WIDTH, "image_size": SIDE},
            mask_decoder_config={"hidden_size": WIDTH, "mlp_dim": 32, "num_attention_heads": 2},
            memory_attention_hidden_size=WIDTH,
            memory_attention_num_layers=1,
            memory_attention_feed_forward_hidden_size=32,
            memory_attention_rope_feat_sizes=[SIDE // 16] * 2,
            memory_encoder_hidden_size=WIDTH,
            mask_downsampler_embed_dim=WIDTH,
            memory_fuser_embed_dim=WIDTH,
            memory_fuser_intermediate_dim=32,
        )
    )


FRAMES = [np.random.default_rng(number).integers(0, 256, (30, 50, 3)).astype(np.uint8) for number in range(4)]


def test_every_frame_gets_a_mask_of_its_own_size(tiny):
    masks = Sam2Propagator(tiny)(FRAMES, np.array([10.0, 20.0]))
    assert (masks.shape, masks.dtype) == ((4, 30, 50), bool)
    assert masks.any()
    assert not masks.all()


def test_the_point_matters_and_the_same_point_gives_the_same_masks(tiny):
    propagate = Sam2Propagator(tiny)
    first, again, other = (
        propagate(FRAMES[:2], np.array(xy)) for xy in ((10.0, 20.0), (10.0, 20.0), (45.0, 3.0))
    )
    assert (first == again).all()
    assert (first != other).any()


def test_the_pixels_are_those_sam_2_expects(tiny):
    pixels = Sam2Propagator(tiny)._pixels(np.full((30, 50, 3), (255, 0, 128), np.uint8))
    assert pixels.shape == (3, SIDE, SIDE)
    expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, (128 / 255 - 0.406) / 0.225]
    assert pixels.mean(dim=(1, 2)).tolist() == pytest.approx(expected, abs=1e-4)


def test_masks_between_two_frames(tiny):
    points = {0: np.array([10.0, 20.0]), 3: np.array([20.0, 10.0])}
    assert masks_between(Sam2Propagator(tiny), FRAMES, points).shape == (4, 30, 50)


def test_a_folder_can_be_loaded_and_another_is_refused(tiny, tmp_path):
    tiny.save_pretrained(tmp_path / "tiny")
    loaded = Sam2Propagator.from_pretrained(tmp_path / "tiny")
    xy = np.array([10.0, 20.0])
    assert (loaded(FRAMES[:2], xy) == Sam2Propagator(tiny)(FRAMES[:2], xy)).all()
    with pytest.raises(CheckpointError, match="SAM 2"):
        Sam2Propagator.from_pretrained(tmp_path / "nothing")
