"""What we write is what the original code reads: released keys, bit-equal weights, released config.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from molmo_act.models.molmo_point import MolmoPointConfig, MolmoPointForConditionalGeneration
from tests.support.tiny_checkpoint import TINY, VARIANTS, load_case, model_inputs, tiny_model

FOLDERS = [TINY, VARIANTS / "variant_tied", VARIANTS / "variant_adapter"]


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def written(request, tmp_path_factory) -> tuple[Path, Path]:
    """A released folder, and a folder that we wrote after loading it in the precision it is stored in."""
    model = MolmoPointForConditionalGeneration.from_pretrained(request.param, dtype="auto")
    target = tmp_path_factory.mktemp(request.param.name)
    model.save_pretrained(target)
    return request.param, target


def test_released_keys_and_equal_bits(written):
    released, ours = (load_file(folder / "model.safetensors") for folder in written)
    assert ours.keys() == released.keys()
    for key, tensor in released.items():
        assert ours[key].dtype == tensor.dtype, key
        assert torch.equal(ours[key], tensor), key


def test_what_was_written_computes_the_same(written):
    source, target = written
    again = MolmoPointForConditionalGeneration.from_pretrained(target, dtype=torch.float32).eval()
    inputs = model_inputs(load_case("image_one")[1])
    with torch.no_grad():
        assert torch.equal(again(**inputs).logits, tiny_model(source)(**inputs).logits)


def test_no_weight_is_left_out_or_added(written):
    source, target = written
    _, info = MolmoPointForConditionalGeneration.from_pretrained(target, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    tied = json.loads((source / "config.json").read_text())["text_config"].get("tie_word_embeddings", False)
    assert any(key.startswith("lm_head") for key in load_file(target / "model.safetensors")) != tied


def said_by_both(released: dict, ours: dict) -> dict[str, tuple]:
    """Keys of the released file that ours lacks or answers differently."""
    return {
        key: (value, ours.get(key, "absent"))
        for key, value in released.items()
        if not isinstance(value, dict) and (key not in ours or ours[key] != value)
    }


def test_config_is_in_the_released_form(written):
    released, ours = (json.loads((folder / "config.json").read_text()) for folder in written)
    differing = said_by_both(released, ours)
    # The file says who wrote it, and auto_map names python files that we do not write.
    assert set(differing) <= {"auto_map", "transformers_version"}, differing
    for part in ("vit_config", "text_config", "adapter_config"):
        # We store the vision blocks that are used, and name them from the first one.
        differing = said_by_both(released[part], ours[part]).keys()
        assert differing <= {"num_hidden_layers", "vit_layers"}, part
    layers, stored = ours["adapter_config"]["vit_layers"], released["vit_config"]["num_hidden_layers"]
    assert layers == [stored + layer for layer in released["adapter_config"]["vit_layers"]]
    assert ours["vit_config"]["num_hidden_layers"] == max(layers) + 1


def facts(config: MolmoPointConfig) -> dict:
    """What a configuration says of the model, without who wrote the file and in which precision."""
    noise = ("transformers_version", "auto_map", "_name_or_path", "dtype")
    said = {key: value for key, value in config.to_dict().items() if key not in noise}
    for key, value in said.items():
        if isinstance(value, dict):
            said[key] = {name: each for name, each in value.items() if name not in noise}
    return said


def test_config_round_trip(written):
    source, target = written
    first, second = MolmoPointConfig.from_pretrained(source), MolmoPointConfig.from_pretrained(target)
    assert facts(first) == facts(second)
    assert first.extended_vocab_start == second.extended_vocab_start == 896
