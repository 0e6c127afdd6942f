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
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration, MolmoPointProcessor
from tests.support.tiny_checkpoint import TINY

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
PART = "model-00002-of-00006.safetensors"
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


def with_number(key: str, number: float) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        weights = load_file(folder / WEIGHTS)
        weights[key].view(-1)[-1] = number
        save_file(weights, folder / WEIGHTS, {"format": "pt"})

    return damage


def of_type(dtype: torch.dtype, key: str = "model.build_vit_embedding.bias") -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        weights = load_file(folder / WEIGHTS)
        weights[key] = weights[key].to(dtype)
        save_file(weights, folder / WEIGHTS, {"format": "pt"})

    return damage


def in_parts(damage: Callable[[Path], None]) -> Callable[[Path], None]:
    def split_and_damage(folder: Path) -> None:
        model = MolmoPointForConditionalGeneration.from_pretrained(folder)
        (folder / WEIGHTS).unlink()
        model.save_pretrained(folder, max_shard_size="200KB")
        damage(folder)

    return split_and_damage


def truncated(name: str, kept: int) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:kept])


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
    "NaN": (
        with_number("model.build_vit_embedding.weight", float("nan")),
        r"NaN or infinite in model.build_vit_embedding.weight, as \w+\. Fetch it again",
    ),
    "infinite": (
        with_number(ATT_PROJ, float("-inf")),
        "NaN or infinite in .*layers.0.self_attn.v_proj.weight",
    ),
    "truncated part": (
        in_parts(truncated(PART, 5000)),
        rf"cannot be read: {PART} \(.*incomplete metadata.*\)\. Fetch them again",
    ),
    "end of a part": (in_parts(truncated(PART, -1)), rf"cannot be read: {PART} \(.*\)\. Fetch them again"),
    "missing part": (in_parts(lacking(PART)), f"{INDEX} names files that are not there: {PART}. Copy"),
    "missing index": (in_parts(lacking(INDEX)), f"has neither {WEIGHTS} nor {INDEX}, .* and 1 more. Copy"),
    "damaged index": (in_parts(holding(INDEX, b"{")), f"{INDEX} is not valid JSON .* Fetch the file again"),
    "list for an index": (in_parts(holding(INDEX, b"[]")), f"{INDEX} holds a list; expected a JSON object"),
    "empty index": (
        in_parts(holding(INDEX, b"{}")),
        f"{INDEX} is no index of weights: it has no 'weight_map'; expected 'weight_map'",
    ),
    "no weights in the index": (
        in_parts(holding(INDEX, b'{"weight_map": {}}')),
        "it says 'weight_map': {}; expected",
    ),
    "list of weights": (in_parts(holding(INDEX, b'{"weight_map": []}')), r"it says 'weight_map': \[\];"),
    "no map of weights": (in_parts(holding(INDEX, b'{"weight_map": null}')), "it says 'weight_map': None;"),
    "number of a file": (in_parts(holding(INDEX, b'{"weight_map": {"a": 5}}')), "it says that 'a' is in 5;"),
    "file elsewhere": (
        in_parts(holding(INDEX, b'{"weight_map": {"a": "../../b.safetensors"}}')),
        "it says that 'a' is in '../../b.safetensors';",
    ),
    "file at a path": (
        in_parts(holding(INDEX, b'{"weight_map": {"a": "/b.safetensors"}}')),
        "it says that 'a' is in '/b.safetensors';",
    ),
    "metadata that are none": (
        in_parts(holding(INDEX, f'{{"weight_map": {{"a": "{PART}"}}, "metadata": 5}}'.encode())),
        "it says 'metadata': 5;",
    ),
    **{
        f"stored as {dtype}": (
            of_type(dtype),
            f"{WEIGHTS} holds model.build_vit_embedding.bias as {name} .*one of F64, F32, BF16, F16",
        )
        for dtype, name in {
            **{torch.int8: "I8", torch.uint8: "U8", torch.int64: "I64", torch.bool: "BOOL"},
            **{torch.complex64: "C64", torch.float8_e4m3fn: "F8_E4M3"},
        }.items()
    },
    "joint weight of no rows": (with_weight(ATT_PROJ, 5), "q_proj.weight"),
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
    "unknown activation": (saying("text_config", hidden_act="bent"), "'text_config.hidden_act': 'bent'; exp"),
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


def test_weights_without_the_files_of_the_processor(checkpoint):
    (checkpoint / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError, match=r"has no file tokenizer\.json"):
        molmo_act.load(checkpoint)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lacking("chat_template.jinja"), "has no chat template; expected a file chat_template.jinja"),
        (holding("chat_template.jinja", b""), "has no chat template"),
        (holding("chat_template.jinja", b"\xff\xfe"), "chat_template.jinja is not text in UTF-8"),
        (holding("chat_template.jinja", b"{% if %}"), "chat template of .* cannot be used"),
        (holding("chat_template.jinja", b"{{ messages.foo.bar() }}"), "chat template of .* cannot be used"),
        (holding("chat_template.jinja", b"Hello."), "leaves out the question"),
    ],
)
@pytest.mark.parametrize("load", [molmo_act.load, MolmoPointProcessor.from_pretrained])
def test_a_chat_template_that_cannot_be_used(checkpoint, load, damage, message):
    damage(checkpoint)
    with pytest.raises(CheckpointError, match=message) as caught:
        load(checkpoint)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_any_floating_type_is_read(checkpoint, dtype):
    of_type(dtype)(checkpoint)
    model = molmo_act.load(checkpoint, device="cpu").model
    assert model.model.build_vit_embedding.bias.dtype == torch.float32


@pytest.mark.parametrize("metadata", [{}, {"metadata": None}])
def test_an_index_needs_no_metadata(checkpoint, metadata):
    in_parts(lambda folder: None)(checkpoint)
    path = checkpoint / INDEX
    path.write_text(json.dumps({"weight_map": json.loads(path.read_text())["weight_map"], **metadata}))
    before = sorted(file.name for file in checkpoint.iterdir())
    model = MolmoPointForConditionalGeneration.from_pretrained(checkpoint)
    assert model.config.name_or_path == model.name_or_path == str(checkpoint)
    expected = MolmoPointForConditionalGeneration.from_pretrained(TINY).state_dict()
    assert all(torch.equal(value, expected[key]) for key, value in model.state_dict().items())
    assert sorted(file.name for file in checkpoint.iterdir()) == before


def test_numbers_too_large_for_a_type_are_refused(checkpoint):
    with_number("model.build_vit_embedding.weight", 1e6)(checkpoint)
    molmo_act.load(checkpoint, device="cpu", dtype="bfloat16")
    with pytest.raises(CheckpointError, match=r"NaN or .* as float16\..* load it in another dtype"):
        molmo_act.load(checkpoint, device="cpu", dtype="float16")


def test_a_large_sum_is_no_infinite_number(checkpoint):
    weights = load_file(checkpoint / WEIGHTS)
    weights["model.build_vit_embedding.bias"] = torch.full((64,), 3e38)
    save_file(weights, checkpoint / WEIGHTS, {"format": "pt"})
    molmo_act.load(checkpoint, device="cpu")


def test_several_misfits_are_counted(checkpoint):
    keys = [key for key in load_file(checkpoint / WEIGHTS) if "point_predictor" in key]
    without(*keys)(checkpoint)
    with pytest.raises(CheckpointError, match=f"and {len(keys) - 5} more"):
        MolmoPointForConditionalGeneration.from_pretrained(checkpoint)


def test_loading_says_on_request_what_it_found():
    _, info = MolmoPointForConditionalGeneration.from_pretrained(TINY, output_loading_info=True)
    assert not info["missing_keys"]
