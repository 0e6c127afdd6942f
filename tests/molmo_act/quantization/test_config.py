"""Precision maps by name, and what they leave alone; with bitsandbytes, on real weights."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import molmo_act
from molmo_act import CheckpointError, InputError, MissingExtraError, PlatformError
from molmo_act.models.molmo_point import MolmoPointConfig, MolmoPointForConditionalGeneration
from molmo_act.quantization.config import quantization_config
from molmo_act.quantization.int8_dynamic import Int8DynamicConfig
from molmo_act.quantization.precision import QUANTIZED_LAYERS
from tests.support.synthetic import synthetic_image
from tests.support.tiny_checkpoint import SNIPPET, TINY, load_case, tiny_processor

CPU = torch.device("cpu")
# bitsandbytes and accelerate warn of their own doings.
QUIET = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"
)

needs_packages = pytest.mark.skipif(
    not (find_spec("bitsandbytes") and find_spec("accelerate")), reason="extra 'quant' is not installed"
)


def test_unknown_name():
    with pytest.raises(InputError, match="quantization is 'int3'; expected 'nf4', 'int8', 'int8-dynamic'"):
        quantization_config("int3", CPU)


@pytest.mark.parametrize("name", ["nf4", "int8"])
@pytest.mark.parametrize("package", ["bitsandbytes", "accelerate"])
def test_missing_package(monkeypatch, name, package):
    monkeypatch.setattr("molmo_act._optional.find_spec", lambda asked: None if asked == package else asked)
    with pytest.raises(MissingExtraError, match=rf"{package}.*\[quant\]"):
        molmo_act.load(TINY, quantization=name)


@pytest.fixture(scope="module")
def wide(tmp_path_factory) -> Path:
    """A random checkpoint as the tiny one, whose rows are whole blocks of 64 numbers."""
    config = MolmoPointConfig.from_pretrained(TINY)
    config.text_config.intermediate_size = 128
    folder = tmp_path_factory.mktemp("wide")
    torch.manual_seed(7)
    MolmoPointForConditionalGeneration(config).save_pretrained(folder)
    tiny_processor().save_pretrained(folder)
    return folder


ALL_WAYS = [
    pytest.param("nf4", marks=[needs_packages, QUIET]),
    pytest.param("int8", marks=[needs_packages, QUIET]),
    "int8-dynamic",
]


@pytest.mark.parametrize("name", ALL_WAYS)
def test_only_language_blocks_are_stored_in_fewer_bits(wide, name):
    loaded = molmo_act.load(wide, device="cpu", quantization=name)
    assert loaded.precision.quantized == {"language blocks": name}
    narrow = [
        key for key, module in loaded.model.named_modules() if type(module).__name__ in QUANTIZED_LAYERS
    ]
    assert len(narrow) == 2 * 7  # q, k, v, o, gate, up, down in each block
    for key in narrow:
        assert loaded.model.get_submodule(key).weight.element_size() == 1, key

    full = molmo_act.load(wide, device="cpu")
    inputs = tiny_processor().apply_chat_template(load_case("image_one")[0], **SNIPPET)
    del inputs["metadata"]
    with torch.no_grad():
        exact, rounded = (one.model(**inputs).logits[0, -1, :700].float() for one in (full, loaded))
    # Rounded, not broken: the logits of words go the same way, though not exactly.
    assert not torch.equal(exact, rounded)
    assert torch.cosine_similarity(exact, rounded, dim=0) > 0.9


@needs_packages
@QUIET
def test_rows_that_are_no_whole_blocks():
    with pytest.raises(InputError, match=r"multiple of 64 numbers, but .*mlp.down_proj has 96.*'int8'"):
        molmo_act.load(TINY, device="cpu", quantization="nf4")


@pytest.mark.parametrize("name", ALL_WAYS)
def test_saved_and_loaded_again_bit_for_bit(wide, tmp_path, name):
    loaded = molmo_act.load(wide, device="cpu", quantization=name)
    loaded.save_pretrained(tmp_path / "saved")
    assert not [path for path in tmp_path.iterdir() if path.name != "saved"]  # nothing half-written beside it
    again = molmo_act.load(tmp_path / "saved", device="cpu")
    assert again.precision == loaded.precision
    ours, theirs = loaded.model.state_dict(), again.model.state_dict()
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        assert value.dtype == theirs[key].dtype, key
        assert torch.equal(value, theirs[key]), key
    with pytest.raises(InputError, match=f"is stored as {name} already, and quantization 'int8-dynamic'"):
        molmo_act.load(tmp_path / "saved", quantization="int8-dynamic")


@pytest.mark.parametrize("name", ALL_WAYS)
@pytest.mark.parametrize(("saved", "wanted"), [("float32", "bfloat16"), ("bfloat16", "float16")])
def test_a_checkpoint_is_loaded_in_another_type_than_it_was_saved_in(wide, tmp_path, name, saved, wanted):
    """What is not quantized is cast; integers and their scales stay as they were stored."""
    first = molmo_act.load(wide, device="cpu", quantization=name, dtype=saved)
    first.save_pretrained(tmp_path / "saved")
    again = molmo_act.load(tmp_path / "saved", device="cpu", dtype=wanted)
    floating = {weight.dtype for weight in again.model.parameters() if weight.is_floating_point()}
    assert floating == {again.model.dtype} == {getattr(torch, wanted)}
    ours, theirs = first.model.state_dict(), again.model.state_dict()
    assert ours.keys() == theirs.keys()
    layers = tuple(
        f"{path}."
        for path, module in first.model.named_modules()
        if type(module).__name__ in QUANTIZED_LAYERS
    )
    for key, value in ours.items():
        expected = value if key.startswith(layers) else value.to(getattr(torch, wanted))
        assert torch.equal(theirs[key], expected), key
    points = again.point(synthetic_image(1, 60, 90), "the boats")
    assert 0 <= points.absent <= 1


@needs_packages
@QUIET
def test_int8_says_once_in_which_type_it_computes(wide, caplog):
    loaded = molmo_act.load(wide, device="cpu", quantization="int8")
    for query in ("the boats", "the red boats"):
        loaded.point(synthetic_image(1, 60, 90), query)
    said = [record.getMessage() for record in caplog.records if "will be cast" in record.getMessage()]
    assert len(said) == len(set(said)) <= 1


def test_a_checkpoint_in_floating_point_is_saved_in_the_released_format(wide, tmp_path):
    molmo_act.load(wide, device="cpu").save_pretrained(tmp_path / "saved")
    names = set(load_file(wide / "model.safetensors"))
    assert set(load_file(tmp_path / "saved" / "model.safetensors")) == names
    assert "model.transformer.blocks.0.self_attn.att_proj.weight" in names


def test_weights_of_an_earlier_checkpoint_are_not_left_to_be_read(wide, tmp_path):
    shard, notes = tmp_path / "model-00001-of-00002.safetensors", tmp_path / "notes.txt"
    for path in (shard, tmp_path / "model.safetensors.index.json", notes):
        path.write_text("{}")
    molmo_act.load(wide, device="cpu").save_pretrained(tmp_path)
    assert [path.name for path in tmp_path.glob("model*")] == ["model.safetensors"]
    assert notes.exists()
    molmo_act.load(tmp_path, device="cpu")


def test_a_map_that_does_not_fit_the_weights_is_refused(wide, tmp_path):
    folder = tmp_path / "saved"
    molmo_act.load(wide, device="cpu", quantization="int8-dynamic").save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    config["precision_map"]["language blocks"] = "float32"
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        CheckpointError, match=r"all in floating point, but .* language blocks as int8-dynamic"
    ):
        molmo_act.load(folder, device="cpu")


def test_a_vision_tower_in_integers_is_refused(wide, tmp_path):
    options = {"quantization_config": Int8DynamicConfig("model.vision_tower.")}
    model = MolmoPointForConditionalGeneration.from_pretrained(wide, **options)
    model.save_pretrained(tmp_path, save_original_format=False)
    tiny_processor().save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="stores its vision tower as int8-dynamic; expected floating"):
        molmo_act.load(tmp_path, device="cpu")


def test_int8_dynamic_needs_a_cpu():
    with pytest.raises(PlatformError, match="runs on CPUs only, not on 'cuda:1'"):
        quantization_config("int8-dynamic", torch.device("cuda:1"))


@needs_packages
@QUIET
def test_a_machine_without_a_kernel_says_so():
    with pytest.raises(PlatformError, match=r"quantization='nf4' does not run on 'meta' of this machine \("):
        quantization_config("nf4", torch.device("meta"))
