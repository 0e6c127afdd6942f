"""Checkpoints that must be refused: each with one line that names the key or file and says what to do."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import molmo_act
from molmo_act import CheckpointError
from molmo_act.modeling import MolmoPointForConditionalGeneration
from molmo_act.modeling.checkpoint_files import find_file, need_file
from tests.tiny_checkpoint import TINY

WEIGHTS = "model.safetensors"
ATT_PROJ = "model.transformer.blocks.0.self_attn.att_proj.weight"


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    folder = tmp_path / "checkpoint"
    shutil.copytree(TINY, folder, ignore=shutil.ignore_patterns("case_*", "*.md", "logits_*"))
    return folder


def without(*keys: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        weights = load_file(folder / WEIGHTS)
        for key in keys:
            del weights[key]
        save_file(weights, folder / WEIGHTS, {"format": "pt"})

    return damage


def with_weight(key: str, *shape: int) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        weights = load_file(folder / WEIGHTS)
        weights[key] = torch.zeros(shape)
        save_file(weights, folder / WEIGHTS, {"format": "pt"})

    return damage


def saying(part: str | None = None, **changes: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (config if part is None else config[part]).update(changes)
        (folder / "config.json").write_text(json.dumps(config))

    return damage


def only_pickle(folder: Path) -> None:
    torch.save(load_file(folder / WEIGHTS), folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()


def holding(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content)


def lacking(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


DAMAGES = {
    "missing weight": (
        without("model.point_predictor.x_norm.weight"),
        r"lacks model.point_predictor.x_norm.weight\. .*fetch it again",
    ),
    # one of the weights that are stored joined
    "missing joint weight": (without(ATT_PROJ), "lacks .*layers.0.self_attn.k_proj.weight"),
    # half of a table that is stored in two parts
    "missing half": (without("model.transformer.wte.new_embedding"), r"embed_tokens.weight is \(768, 64\)"),
    "unexpected weight": (with_weight("model.extra.weight", 3), "does not know: model.extra.weight"),
    "wrong shape": (
        with_weight("model.build_vit_embedding.bias", 3),
        r"model.build_vit_embedding.bias is \(3,\), expected \(64,\)",
    ),
    "wrong shape of a joint weight": (
        with_weight(ATT_PROJ, 100, 64),
        r"q_proj.weight is \(100, 64\), expected",
    ),
    "halves of different widths": (
        with_weight("model.transformer.wte.new_embedding", 128, 32),
        r"embed_tokens.weight is \(768, 64\), expected \(896, 64\)",
    ),
    "pickle": (only_pickle, "pytorch_model.bin, a pickle.*Expected .*safetensors"),
    "no weights": (lacking(WEIGHTS), "has no weights"),
    "truncated weights": (
        holding(WEIGHTS, (TINY / WEIGHTS).read_bytes()[:100_000]),
        "cannot be read: .*Fetch them again",
    ),
    "empty weights": (holding(WEIGHTS, b""), "cannot be read: .*Fetch them again"),
    "weights that are none": (holding(WEIGHTS, b"\xff" * 1000), "cannot be read: .*Fetch them again"),
    "other architecture": (saying(model_type="llama"), "model type 'llama'; expected 'molmo_point'"),
    "no architecture": (saying(model_type=None), "model type None; expected 'molmo_point'"),
    "damaged config": (holding("config.json", b"{"), "config.json is not valid JSON"),
    "no config": (lacking("config.json"), "has no file config.json"),
    "unknown patch_location": (
        saying(patch_location="5x5"),
        "'patch_location': '5x5', .* it knows '3x3'.* correct the key",
    ),
    "no patch_location": (saying(patch_location=None), "'patch_location': None, .* it knows '3x3'"),
    "unknown rotary kind": (
        saying(token_prediction_rotary="two_d"),
        "'token_prediction_rotary': 'two_d', .* it knows 'one_d' and 'none'",
    ),
    # the default of the original's class, which the original refuses too
    "rotary true": (saying(token_prediction_rotary=True), "'token_prediction_rotary': True"),
    "unknown embedding": (
        saying(embed_selected_vit_patch="cubic"),
        "'embed_selected_vit_patch': 'cubic', .* it knows 'linear'",
    ),
    "unknown activation": (saying("text_config", hidden_act="bent"), "No model .*'bent'.*Check config.json"),
    "word for a number": (saying(patch_embed_dim="wide"), "config.json .* 'patch_embed_dim' expected int"),
    "word for a number inside": (saying("text_config", hidden_size="x"), "config.json .*'hidden_size'"),
}


@pytest.mark.parametrize("load", [molmo_act.load, MolmoPointForConditionalGeneration.from_pretrained])
@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_checkpoint(checkpoint, caplog, load, name):
    damage, message = DAMAGES[name]
    damage(checkpoint)
    with pytest.raises(CheckpointError, match=message) as caught:
        load(checkpoint)
    assert "\n" not in str(caught.value)
    assert str(checkpoint) in str(caught.value)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("load", [molmo_act.load, MolmoPointForConditionalGeneration.from_pretrained])
def test_no_checkpoint(tmp_path, load):
    with pytest.raises(CheckpointError, match=r"There is no folder .*nothing"):
        load(tmp_path / "nothing")
    with pytest.raises(CheckpointError, match=r"no file config\.json"):
        load(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="is a file; expected the folder"):
        load(tmp_path / "file")


def test_a_repository_out_of_reach(tmp_path):
    where = {"cache_dir": tmp_path, "local_files_only": True}
    with pytest.raises(CheckpointError, match=r"no folder 'one/two', and the hub did not give .*network"):
        need_file("one/two", "config.json", **where)
    assert find_file("one/two", "chat_template.jinja", **where) is None


def test_weights_without_the_files_of_the_processor(checkpoint):
    (checkpoint / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError, match=r"has no file tokenizer\.json"):
        molmo_act.load(checkpoint)


def test_several_misfits_are_counted(checkpoint):
    keys = [key for key in load_file(checkpoint / WEIGHTS) if "point_predictor" in key]
    without(*keys)(checkpoint)
    with pytest.raises(CheckpointError, match=f"and {len(keys) - 5} more"):
        MolmoPointForConditionalGeneration.from_pretrained(checkpoint)


def test_loading_says_on_request_what_it_found():
    _, info = MolmoPointForConditionalGeneration.from_pretrained(TINY, output_loading_info=True)
    assert not info["missing_keys"]
