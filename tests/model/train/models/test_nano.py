"""nano's configuration and processor fit its tokenizer and one another."""

from __future__ import annotations

import numpy as np

from model.train.models.nano import GEOMETRY, make_processor, nano_config
from tests.model.train.small_run import GEOMETRY as SMALL


def test_ids_of_the_configuration_are_those_of_the_tokenizer(tokenizer):
    config = nano_config(tokenizer)
    names = {
        "<im_start>": config.image_start_token_id,
        "<im_patch>": config.image_patch_id,
        "<im_low>": config.image_non_indexable_patch_id,
        "<|token_index|>": config.patch_token_id,
        "<|vit_index|>": config.subpatch_token_id,
        "<|vit_loc|>": config.location_token_id,
    }
    for name, found in names.items():
        assert tokenizer.convert_tokens_to_ids(name) == found, name
    text = config.text_config
    assert text.vocab_size + text.additional_vocab_size == tokenizer.convert_tokens_to_ids("<POINT_0>")
    assert config.extended_vocab_start == tokenizer.convert_tokens_to_ids("<POINT_0>")


def test_the_vision_tower_has_a_position_for_every_patch_of_a_crop(tokenizer):
    vit = nano_config(tokenizer).vision_config
    assert vit.num_position_embeddings == (GEOMETRY.crop_size // GEOMETRY.patch_size) ** 2 == 256


def test_the_processor_cuts_as_told(tokenizer):
    processor = make_processor(tokenizer, SMALL)
    assert processor.image_processor.geometry == SMALL
    image = np.zeros((200, 200, 3), np.uint8)
    pixels = processor.image_processor(image, return_tensors="pt")["pixel_values"]
    assert pixels.shape[1:] == (64, 28 * 28 * 3)
