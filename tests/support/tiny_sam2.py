"""SAM 2 and EdgeTAM with random weights, small enough for a test; EdgeTAM with the vision tower of SAM 2."""

from __future__ import annotations

import torch
from transformers import EdgeTamVideoConfig, EdgeTamVideoModel, Sam2VideoConfig, Sam2VideoModel

from molmo_act.segmentation.sam2 import Sam2Propagator

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


def tiny_propagator(kind: type[Sam2Propagator]) -> Sam2Propagator:
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
