"""The configuration: released files in and out unchanged, and what they may not say."""

from __future__ import annotations

import json

import pytest

from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig
from tests.support.tiny_checkpoint import TINY

RELEASED = json.loads((TINY / "config.json").read_text())


def test_a_released_file_is_read_into_the_names_of_transformers():
    config = MolmoPointConfig.from_pretrained(TINY)
    text, vision = RELEASED["text_config"], RELEASED["vit_config"]
    assert config.extended_vocab_start == text["vocab_size"] + text["additional_vocab_size"]
    assert config.text_config.rope_parameters["rope_theta"] == text["rope_theta"]
    assert config.text_config.rms_norm_eps == text["layer_norm_eps"]
    assert config.vision_config.patch_size == vision["image_patch_size"]
    # Layers are counted from the first, and those behind the last one that is read are not built.
    layers = [vision["num_hidden_layers"] + layer for layer in RELEASED["adapter_config"]["vit_layers"]]
    assert config.adapter_config.vision_feature_layer == layers
    assert config.vision_config.num_hidden_layers == max(layers) + 1
    assert config.num_locations == 9


def test_a_released_file_is_written_as_it_was(tmp_path):
    MolmoPointConfig.from_pretrained(TINY).save_pretrained(tmp_path)
    written = json.loads((tmp_path / "config.json").read_text())
    ours = {"transformers_version", "dtype", "torch_dtype"}
    unused = {"num_hidden_layers", "vit_layers"}  # see above
    for part in ("text_config", "vit_config", "adapter_config"):
        expected = {
            key: value for key, value in RELEASED[part].items() if part == "text_config" or key not in unused
        }
        assert {key: written[part].get(key) for key in expected} == expected, part
    assert written.keys() - RELEASED.keys() <= ours
    assert not {"score_temperature", "score_curve", "absent_curve", "temporal_module"} & written.keys()


def test_keys_of_this_library_are_written_where_they_are_set(tmp_path):
    config = MolmoPointConfig.from_pretrained(TINY)
    config.score_curve, config.temporal_module = [1.5, -0.25], "addition"
    config.save_pretrained(tmp_path)
    again = MolmoPointConfig.from_pretrained(tmp_path)
    assert again.score_curve == [1.5, -0.25]
    assert (again.temporal_module, again.temporal_frames) == ("addition", 4)
    assert again.absent_curve is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("patch_location", "5x5"),
        ("token_prediction_rotary", "two_d"),
        ("embed_selected_vit_patch", "mlp"),
        ("temporal_module", "guessing"),
        ("temporal_frames", 0),
        ("score_curve", [1.0]),  # no offset
        ("score_curve", [0.0, 1.0]),  # a slope that turns scores around
        ("absent_curve", [1.0, float("nan")]),
        ("absent_curve", ["1", 2]),
    ],
)
def test_what_config_json_may_not_say(key, value):
    settings = {
        **MolmoPointConfig.from_pretrained(TINY).to_dict(),
        "temporal_module": "attention",
        key: value,
    }
    with pytest.raises(Exception, match=key):
        MolmoPointConfig(**settings)
