"""The configuration of nano: its size, the layout of its ids, and how its images are cut."""

from __future__ import annotations

from transformers import PreTrainedTokenizerBase

from molmo_act.formats.crop_geometry import Geometry
from molmo_act.models.molmo_point import MolmoPointProcessor
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig
from molmo_act.models.molmo_point.image_processing_molmo_point import MolmoPointImageProcessor
from molmo_act.models.molmo_point.video_processing_molmo_point import MolmoPointVideoProcessor
from molmo_act.pointing.load import NANO

GEOMETRY = Geometry(crop_size=224, margins=(1, 1), max_crops=32)
TEMPLATE = NANO / "chat_template.jinja"
"""What released checkpoints say; nano's own file is the only copy."""
VIDEO_POOLING = [3, 3]


def nano_config(tokenizer: PreTrainedTokenizerBase) -> MolmoPointConfig:
    """Makes the configuration of a model of about 8 M parameters for the ids of a tokenizer."""

    def token(name: str) -> int:
        return tokenizer.convert_tokens_to_ids(name)

    base_size = token("<im_start>")
    return MolmoPointConfig(
        vit_config={
            "hidden_size": 192,
            "intermediate_size": 768,
            "num_hidden_layers": 6,
            "num_attention_heads": 3,
            "num_key_value_heads": 3,
            "head_dim": 64,
            "image_default_input_size": [GEOMETRY.crop_size] * 2,
            "image_patch_size": GEOMETRY.patch_size,
            "image_num_pos": (GEOMETRY.crop_size // GEOMETRY.patch_size) ** 2,
        },
        adapter_config={
            "vit_layers": [-1, -4],
            "hidden_size": 192,
            "num_attention_heads": 3,
            "num_key_value_heads": 3,
            "head_dim": 64,
            "intermediate_size": 512,
            "text_hidden_size": 256,
        },
        text_config={
            "hidden_size": 256,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 64,
            "num_hidden_layers": 6,
            "intermediate_size": 704,
            "vocab_size": base_size,
            "additional_vocab_size": token("<POINT_0>") - base_size,
            "rope_theta": 10000.0,
            "max_position_embeddings": 8192,
            "tie_word_embeddings": True,
        },
        answers_questions=False,  # its course holds points only
        patch_embed_dim=256,
        token_prediction_rotary_theta=1e6,  # slow enough to leave most of the width to what is asked for
        score_temperature=12.0,  # about the square root of the number of keys of training images
        image_start_token_id=token("<im_start>"),
        image_end_token_id=token("<im_end>"),
        image_patch_id=token("<im_patch>"),
        image_high_res_id=token("<im_patch>"),
        image_col_id=token("<im_col>"),
        image_non_indexable_patch_id=token("<im_low>"),
        frame_start_token_id=token("<frame_start>"),
        frame_end_token_id=token("<frame_end>"),
        patch_token_id=token("<|token_index|>"),
        subpatch_token_id=token("<|vit_index|>"),
        location_token_id=token("<|vit_loc|>"),
    )


def make_processor(tokenizer: PreTrainedTokenizerBase, geometry: Geometry) -> MolmoPointProcessor:
    """Makes the processor that cuts images as training does.

    Args:
        tokenizer: The tokenizer of nano.
        geometry: How images are cut.
    """
    side = {"height": geometry.crop_size, "width": geometry.crop_size}
    images = MolmoPointImageProcessor(
        size=side,
        patch_size=geometry.patch_size,
        pooling_size=list(geometry.pooling),
        overlap_margins=list(geometry.margins),
        max_crops=geometry.max_crops,
    )
    videos = MolmoPointVideoProcessor(size=side, patch_size=geometry.patch_size, pooling_size=VIDEO_POOLING)
    return MolmoPointProcessor(images, videos, tokenizer, chat_template=TEMPLATE.read_text(encoding="utf-8"))
