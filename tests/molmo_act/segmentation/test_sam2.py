"""SAM 2 and EdgeTAM of transformers end to end on tiny models of random weights: what goes in, and out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import EdgeTamVideoConfig, EdgeTamVideoModel, Sam2VideoConfig, Sam2VideoModel

from molmo_act.errors import CheckpointError, PlatformError
from molmo_act.segmentation.propagation import masks_between
from molmo_act.segmentation.sam2 import EdgeTamPropagator, Sam2Propagator

SIDE = 64
WIDTH = 128  # of everything; SAM 2 splits it into memories of 64


VISION = {
    "model_type": "sam2_vision_model",
    "backbone_config": {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "embed_dim_per_stage": [8, 16, 32, 64],
        "blocks_per_stage": [1, 1, 2, 1],
        "num_attention_heads_per_stage": [1, 1, 2, 2],
        "image_size": [SIDE, SIDE],
        "global_attention_blocks": [3],
        "window_size_per_stage": [8, 4, 4, 4],
        "window_positional_embedding_background_size": [4, 4],
    },
    "backbone_channel_list": [64, 32, 16, 8],
    "backbone_feature_sizes": [[SIDE // scale] * 2 for scale in (4, 8, 16)],
    "fpn_hidden_size": WIDTH,
}
SHARED = {
    "vision_config": VISION,
    "prompt_encoder_config": {"hidden_size": WIDTH, "image_size": SIDE},
    "mask_decoder_config": {"hidden_size": WIDTH, "mlp_dim": 32, "num_attention_heads": 2},
    "memory_attention_hidden_size": WIDTH,
    "memory_attention_num_layers": 1,
    "memory_attention_rope_feat_sizes": [SIDE // 16] * 2,
    "memory_encoder_hidden_size": WIDTH,
    "mask_downsampler_embed_dim": WIDTH,
    "memory_fuser_embed_dim": WIDTH,
    "memory_fuser_intermediate_dim": 32,
}


def make(kind: type[Sam2Propagator]) -> Sam2Propagator:
    """A tiny model of random weights."""
    torch.manual_seed(2)
    if kind is Sam2Propagator:
        return kind(Sam2VideoModel(Sam2VideoConfig(**SHARED, memory_attention_feed_forward_hidden_size=32)))
    memory = {
        "memory_attention_rope_k_sizes": [2, 2],
        "memory_attention_mlp_hidden_size": 32,
        "perceiver_resampler_num_latents": 4,
        "perceiver_resampler_num_latents_2d": 4,
        "perceiver_resampler_mlp_intermediate_size": 32,
        "image_size": SIDE,
    }
    return kind(EdgeTamVideoModel(EdgeTamVideoConfig(**SHARED, **memory)))


@pytest.fixture(scope="module", params=[Sam2Propagator, EdgeTamPropagator])
def propagate(request) -> Sam2Propagator:
    return make(request.param)


FRAMES = [np.random.default_rng(number).integers(0, 256, (30, 50, 3)).astype(np.uint8) for number in range(4)]


def test_every_frame_gets_a_mask_of_its_own_size(propagate):
    masks = propagate(FRAMES, np.array([10.0, 20.0]))
    assert (masks.shape, masks.dtype) == ((4, 30, 50), bool)
    assert masks.any()
    assert not masks.all()


def test_the_point_matters_and_the_same_point_gives_the_same_masks(propagate):
    first, again, other = (
        propagate(FRAMES[:2], np.array(xy)) for xy in ((10.0, 20.0), (10.0, 20.0), (45.0, 3.0))
    )
    assert (first == again).all()
    assert (first != other).any()


def test_the_pixels_are_those_sam_2_expects(propagate):
    frame = np.full((30, 50, 3), (255, 0, 128), np.uint8)
    frame.flags.writeable = False  # as arrays of opened images are
    pixels = propagate._pixels(frame)
    assert pixels.shape == (3, SIDE, SIDE)
    expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, (128 / 255 - 0.406) / 0.225]
    assert pixels.mean(dim=(1, 2)).tolist() == pytest.approx(expected, abs=1e-4)


def test_masks_between_two_frames(propagate):
    points = {0: np.array([10.0, 20.0]), 3: np.array([20.0, 10.0])}
    assert masks_between(propagate, FRAMES, points).shape == (4, 30, 50)


def test_a_folder_can_be_loaded_and_another_is_refused(propagate, tmp_path):
    propagate.model.save_pretrained(tmp_path / "tiny")
    loaded = type(propagate).from_pretrained(tmp_path / "tiny")
    xy = np.array([10.0, 20.0])
    assert (loaded(FRAMES[:2], xy) == propagate(FRAMES[:2], xy)).all()
    with pytest.raises(CheckpointError, match=propagate.kind):
        type(propagate).from_pretrained(tmp_path / "nothing")


def test_a_missing_package_is_named(monkeypatch):
    def fails(*_, **__):
        raise ImportError("TimmWrapperModel requires the timm library")

    monkeypatch.setattr(EdgeTamVideoModel, "from_pretrained", fails)
    with pytest.raises(PlatformError, match="timm"):
        EdgeTamPropagator.from_pretrained()
