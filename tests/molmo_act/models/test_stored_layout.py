"""Quantized checkpoints whose tensors are damaged: each is refused at loading by a line that names one."""

from __future__ import annotations

import json
import math
import os
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import molmo_act
from molmo_act import CheckpointError
from molmo_act.models.stored_layout import NF4_STATE, check_stored_numbers
from molmo_act.models.weight_files import WEIGHTS
from molmo_act.pointing.load import NANO
from tests.support.tiny_checkpoint import TINY

pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"
)
needs_quant = pytest.mark.skipif(
    not (find_spec("bitsandbytes") and find_spec("accelerate")), reason="extra 'quant' is not installed"
)
KINDS = [pytest.param("nf4", marks=needs_quant), pytest.param("int8", marks=needs_quant), "int8-dynamic"]
SOURCES = {"nf4": NANO, "int8": TINY, "int8-dynamic": TINY}
"""Rows of the tiny checkpoint are too short for NF4 on a CPU."""
LAYER = "model.language_model.layers.1.mlp.up_proj"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Checkpoints by quantization, each made at its first use: folder and tensors."""
    made: dict[str, tuple[Path, dict[str, Tensor]]] = {}

    def get(kind: str) -> tuple[Path, dict[str, Tensor]]:
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            molmo_act.load(SOURCES[kind], device="cpu", quantization=kind).save_pretrained(folder)
            made[kind] = folder, load_file(folder / WEIGHTS)
        return made[kind]

    return get


def damaged(stored: tuple[Path, dict[str, Tensor]], place: Path, **changes: Tensor | None) -> Path:
    """A copy of links with some tensors changed, or, where they are None, left out."""
    folder, tensors = stored
    tensors = {name: tensor for name, tensor in {**tensors, **changes}.items() if tensor is not None}
    for path in folder.iterdir():
        if path.name != WEIGHTS:
            os.link(path, place / path.name)
    save_file(tensors, place / WEIGHTS, {"format": "pt"})
    return place


def with_last(tensor: Tensor, value: float) -> Tensor:
    changed = tensor.clone()
    changed.view(-1)[-1] = value
    return changed


DAMAGES = {
    "missing": lambda tensor: None,
    "twice as long": lambda tensor: torch.cat([tensor, tensor]),
    "cut": lambda tensor: tensor[:-1].clone(),
    "another type": lambda tensor: tensor.to(torch.int32),
    "float16": lambda tensor: tensor.half(),
    "NaN": lambda tensor: with_last(tensor, math.nan) if tensor.is_floating_point() else None,
    "infinite": lambda tensor: with_last(tensor, math.inf) if tensor.is_floating_point() else None,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_tensors(stored, tmp_path, kind, damage):
    names = [name for name in stored(kind)[1] if name.startswith(LAYER) and not name.endswith("_format")]
    assert len(names) == (4 if kind == "nf4" else 2)
    for number, name in enumerate(names):
        place = tmp_path / str(number)
        place.mkdir()
        changed = DAMAGES[damage](stored(kind)[1][name])
        with pytest.raises(CheckpointError) as caught:
            molmo_act.load(damaged(stored(kind), place, **{name: changed}), device="cpu")
        assert name in str(caught.value)
        assert str(place) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_that_is_not_quantized_or_not_there(stored, tmp_path, kind):
    own = [name for name in stored(kind)[1] if name.startswith(LAYER)]
    shape = molmo_act.load(SOURCES[kind], device="cpu").model.get_submodule(LAYER).weight.shape
    for number, weight in enumerate((None, torch.zeros(shape))):
        place = tmp_path / str(number)
        place.mkdir()
        changes = {**dict.fromkeys(own), f"{LAYER}.weight": weight}
        with pytest.raises(CheckpointError, match=rf"{LAYER}\.(weight|SCB|scale)"):
            molmo_act.load(damaged(stored(kind), place, **changes), device="cpu")


@pytest.mark.parametrize("kind", KINDS)
def test_negative_scales(stored, tmp_path, kind):
    name = next(
        name
        for name in stored(kind)[1]
        if name.startswith(LAYER) and name.endswith(("absmax", "SCB", "scale"))
    )
    changes = {name: with_last(stored(kind)[1][name], -1.0)}
    with pytest.raises(CheckpointError, match=f"negative scales in {name}"):
        molmo_act.load(damaged(stored(kind), tmp_path, **changes), device="cpu")


@pytest.mark.parametrize("kind", KINDS)
def test_whole_ones_load(stored, kind):
    assert molmo_act.load(stored(kind)[0], device="cpu").precision.quantized == {"language blocks": kind}


@needs_quant
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": [64, 65]}, r"expected nf4 \(\d+, \d+\)"),
        ({"blocksize": 0}, "expected nf4"),
        ({"blocksize": 32}, r"absmax as F32 \(\d+,\); expected F32 \(\d+,\)"),
        ({"blocksize": "64"}, "expected nf4"),
        ({"quant_type": "fp4"}, "expected nf4"),
        ({"nested_blocksize": 256, "nested_offset": math.nan}, "expected nf4"),
        ({"nested_blocksize": 256}, "holds no .*weight.nested_absmax, .*weight.nested_quant_map;"),
        ({"shape": None}, "which cannot be read"),
    ],
)
def test_what_a_layer_in_nf4_says_of_itself(stored, tmp_path, change, message):
    name = f"{LAYER}.{NF4_STATE}"
    said = json.loads(stored("nf4")[1][name].numpy().tobytes()) | change
    changed = torch.tensor(list(json.dumps(said).encode()), dtype=torch.uint8)
    with pytest.raises(CheckpointError, match=message):
        molmo_act.load(damaged(stored("nf4"), tmp_path, **{name: changed}), device="cpu")


@needs_quant
def test_scales_that_are_quantized_themselves_load(stored, tmp_path):
    from bitsandbytes.nn import Linear4bit

    weight = molmo_act.load(NANO, device="cpu").model.get_submodule(LAYER).weight
    layer = Linear4bit(
        weight.shape[1], weight.shape[0], bias=False, quant_type="nf4", compress_statistics=True
    )
    layer.load_state_dict({"weight": weight})
    state = {f"{LAYER}.{name}": value for name, value in layer.to("cpu").state_dict().items()}
    assert f"{LAYER}.weight.nested_absmax" in state
    model = molmo_act.load(damaged(stored("nf4"), tmp_path, **state), device="cpu")
    assert model.model.get_submodule(LAYER).weight.quant_state.nested


def test_buffers_count_as_numbers():
    model = nn.Module()
    model.register_buffer("scale", torch.tensor([1.0, math.inf]))
    with pytest.raises(CheckpointError, match="'here' has numbers that are NaN or infinite in scale"):
        check_stored_numbers("here", model)


def test_quantizations_of_others_are_left_to_them(monkeypatch, tmp_path):
    """`molmo_act.load` refuses them by name before any weight is looked at."""
    from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration as Model
    from molmo_act.models.stored_layout import check_stored_weights
    from molmo_act.models.weight_files import StoredTensor

    config = Model.config_class.from_pretrained(TINY)
    foreign = {"a.weight": StoredTensor((1,), "I32", tmp_path)}
    with pytest.raises(CheckpointError, match=r"holds a\.weight as I32 \(1,\)"):
        check_stored_weights(Model, config, foreign)
    config.quantization_config = {"quant_method": "gptq"}
    check_stored_weights(Model, config, foreign)


def test_weights_that_are_all_zero_are_refused():
    layer = nn.Linear(3, 2)
    nn.init.zeros_(layer.weight)
    with pytest.raises(CheckpointError, match="has weights that are all 0"):
        check_stored_numbers("here", layer)
    layer.weight.data[1, 2] = 1e-30
    check_stored_numbers("here", layer)
