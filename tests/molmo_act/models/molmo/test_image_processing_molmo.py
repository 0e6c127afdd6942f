"""Settings of the image processor of Molmo 1: read under their released names, checked, and written again."""

from __future__ import annotations

import json

import pytest
import torch

from molmo_act.errors import CheckpointError
from molmo_act.models.molmo.image_processing_molmo import MolmoImageProcessor
from tests.support.synthetic import synthetic_image
from tests.support.tiny_molmo1 import DATA

SETTINGS = json.loads((DATA / "tiny" / "preprocessor_config.json").read_text())


def test_settings_are_read_and_written_as_released(tmp_path):
    processor = MolmoImageProcessor.from_pretrained(DATA / "tiny")
    assert (processor.crop_size, processor.patch_size, processor.pooling_size) == (64, 8, [2, 2])
    assert (processor.overlap_margins, processor.max_crops) == ([2, 2], 6)
    processor.save_pretrained(tmp_path)
    written = json.loads((tmp_path / "preprocessor_config.json").read_text())
    assert written == {key: SETTINGS[key] for key in SETTINGS if key not in ("auto_map", "processor_class")}


def test_images_of_a_batch_are_joined():
    processor = MolmoImageProcessor.from_dict(SETTINGS)
    arrays = processor([synthetic_image(1, 44, 58), synthetic_image(2, 60, 250)])
    assert arrays["image_num_crops"].tolist() == [2, 7]
    assert arrays["pixel_values"].shape == (9, 64, 192)
    assert arrays["image_masks"].shape == (9, 64)
    assert set(arrays) == set(processor.model_input_names)
    alone = processor(synthetic_image(2, 60, 250))
    assert torch.equal(arrays["image_masks"][2:], alone["image_masks"])


def test_fewer_crops():
    processor = MolmoImageProcessor.from_dict(SETTINGS)
    assert processor.preprocess(synthetic_image(2, 60, 250), max_crops=1).num_crops == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"base_image_input_size": None},
            "does not say base_image_input_size; expected the settings of a Molmo",
        ),
        ({"image_token_length_h": None}, "does not say image_token_length_h"),
        ({"image_processor_type": "CLIPImageProcessor"}, "image_processor_type is 'CLIPImageProcessor'"),
        ({"base_image_input_size": [64, 48]}, "size .*the same whole number"),
        ({"base_image_input_size": 64}, "base_image_input_size .*2 whole numbers"),
        ({"image_token_length_w": 3}, "a crop of 8 patches has .4, 3. tokens; expected a divisor"),
        ({"overlap_margins": [3, 3]}, "are not whole windows"),
        ({"do_normalize": False}, "says 'do_normalize': False; expected true"),
        ({"image_padding_mask": 0}, "says 'image_padding_mask': 0; expected true"),
        ({"image_patch_size": "8"}, "image_patch_size"),
        ({"max_crops": 0}, "max_crops"),
    ],
)
def test_settings_that_no_molmo_has(changes, message):
    with pytest.raises(CheckpointError, match=message) as caught:
        MolmoImageProcessor.from_dict({**SETTINGS, **changes})
    assert "preprocessor_config.json" in str(caught.value)
