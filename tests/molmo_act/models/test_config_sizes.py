"""Sizes in config.json that no model of the weights has: refused at once, before memory is taken for them."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

import molmo_act
from molmo_act.errors import CheckpointError
from molmo_act.models.config_sizes import POSITIVE, SIZES, check_stated_sizes
from tests.support.tiny_checkpoint import TINY

# A size of a part, the value, and what the refusal says.
WRONG = [
    ("text_config", "num_hidden_layers", 10**9, "expected 1 to 1,024"),
    ("text_config", "num_hidden_layers", 1000, "expected 2, as the weights are of so many"),
    ("text_config", "num_hidden_layers", 0, "expected 1 to 1,024"),
    ("vit_config", "num_hidden_layers", 1000, "expected 3, as the weights are of so many"),
    ("text_config", "hidden_size", 10**9, "expected 1 to 16,777,216"),
    ("text_config", "hidden_size", 2**20, "states the sizes of a model of [0-9,]+ numbers, but its weights"),
    ("text_config", "hidden_size", 2**24, "states the sizes of|No model can be made"),
    ("text_config", "hidden_size", -4, "expected 1 to 16,777,216"),
    ("text_config", "vocab_size", 2**24, "states the sizes of a model of"),
    ("text_config", "max_position_embeddings", 0, "expected 1 to 16,777,216"),
    ("text_config", "rope_theta", 0, "expected a finite number of at least 1e-06"),
    ("text_config", "hidden_act", "nope", "expected a function of transformers"),
    ("adapter_config", "vit_layers", [7], "expected some from -4 to 3, as the vision tower has 4 layers"),
    ("adapter_config", "vit_layers", [], "expected some from -4 to 3"),
    (None, "score_temperature", 0, "expected a finite number of at least 1e-06"),
    (None, "score_temperature", 1e-300, "expected a finite number of at least 1e-06"),  # gave no points
    (None, "score_temperature", -1.5, "expected a finite number of at least 1e-06"),
    (None, "patch_embed_dim", 2**24, "states the sizes of a model of"),
]


@pytest.mark.parametrize(("part", "key", "value", "message"), WRONG)
def test_sizes_of_no_model_are_refused_at_once(tmp_path, part, key, value, message):
    config = json.loads((TINY / "config.json").read_text())
    (config if part is None else config[part])[key] = value
    for path in TINY.iterdir():
        if path.name != "config.json":
            os.symlink(path, tmp_path / path.name)
    (tmp_path / "config.json").write_text(json.dumps(config))
    begun = time.perf_counter()
    with pytest.raises(CheckpointError, match=message) as refused:
        molmo_act.load(tmp_path, device="cpu")
    assert time.perf_counter() - begun < 10
    assert "sizes" in str(refused.value) or f"{'' if part is None else f'{part}.'}{key}'" in str(
        refused.value
    ).replace("vision_config", "vit_config")


@pytest.mark.parametrize("key", [*SIZES, *POSITIVE])
@pytest.mark.parametrize("value", [0, -1])
def test_nothing_below_one_is_a_size(key, value):
    with pytest.raises(CheckpointError, match=f"'{key}': {value}"):
        check_stated_sizes(Path("here"), {key: value})


def test_the_sizes_of_real_checkpoints_pass():
    for folder in (TINY, Path(molmo_act.__file__).parent / "checkpoints" / "nano"):
        check_stated_sizes(folder, json.loads((folder / "config.json").read_text()))
