"""A model that has run can be pickled: the hooks of transformers stay behind, and come back when it runs."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch

import molmo_act
from molmo_act import InputError
from molmo_act.models.copying import without_capture_hooks
from tests.support.tiny_checkpoint import TINY, load_case, model_inputs, tiny_model, tiny_processor


@pytest.fixture(scope="module")
def used():
    model = copy.deepcopy(tiny_model())
    with torch.inference_mode():
        model(**model_inputs(load_case("image_one")[1]))
    return model


def hooks(model: torch.nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def test_the_model_keeps_its_hooks(used):
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(used.model.vision_tower)  # what transformers leaves behind
    before = hooks(used)
    assert before
    assert hooks(without_capture_hooks(used)) == 0
    assert hooks(used) == before


def test_the_copy_shares_the_weights_and_answers_alike(used):
    twin = without_capture_hooks(used)
    assert [one.data_ptr() for one in twin.parameters()] == [one.data_ptr() for one in used.parameters()]
    inputs = model_inputs(load_case("image_one")[1])
    with torch.inference_mode():
        expected = used(**inputs).logits
        assert torch.equal(pickle.loads(pickle.dumps(twin))(**inputs).logits, expected)
        assert torch.equal(twin(**inputs).logits, expected)
    assert hooks(twin) == hooks(used)


COPIED = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "torch.save": lambda model: torch.load(saved(model), weights_only=False),
}


def saved(value: object) -> io.BytesIO:
    written = io.BytesIO()
    torch.save(value, written)
    written.seek(0)
    return written


@pytest.mark.parametrize("way", COPIED)
def test_a_used_model_is_copied_by_itself(used, way):
    inputs = model_inputs(load_case("image_one")[1])
    before = hooks(used)
    assert hooks(COPIED[way](used.model)) == 0  # without its head, too
    with torch.inference_mode():
        assert torch.equal(COPIED[way](used)(**inputs).logits, used(**inputs).logits)
    assert hooks(used) == before


def test_a_quantized_model_is_saved_as_it_can_be_loaded(tmp_path):
    quantized = molmo_act.load(TINY, device="cpu", quantization="int8-dynamic").model
    with torch.inference_mode():
        expected = quantized(**model_inputs(load_case("image_one")[1])).logits
    for size in ("1GB", "100KB"):
        quantized.save_pretrained(tmp_path / size, max_shard_size=size)
        tiny_processor().save_pretrained(tmp_path / size)
        again = molmo_act.load(tmp_path / size, device="cpu").model
        with torch.inference_mode():
            assert torch.equal(again(**model_inputs(load_case("image_one")[1])).logits, expected)
    with pytest.raises(InputError, match="the released format has no quantized weights"):
        quantized.save_pretrained(tmp_path / "new", save_original_format=True)
    assert not (tmp_path / "new").exists()
    again.load_state_dict(torch.load(saved(quantized.state_dict())))


def test_weights_in_nf4_are_not_put_into_a_model(tmp_path):
    bitsandbytes = pytest.importorskip("bitsandbytes", reason="needs the extra quant")
    model = copy.deepcopy(tiny_model())
    layer = bitsandbytes.nn.LinearNF4(64, 64, bias=False).to("cpu")
    model.model.language_model.layers[0].self_attn.o_proj = layer
    with pytest.raises(InputError, match=r"layers\.0\.self_attn\.o_proj is in NF4, .* load that folder with"):
        model.load_state_dict(model.state_dict())
    name = "model.build_vit_embedding.bias"
    model.load_state_dict({name: model.state_dict()[name]}, strict=False)  # as adapters are loaded


def test_hooks_of_others_stay(used):
    twin = copy.deepcopy(used)
    twin.register_forward_hook(print)
    kept = [
        hook for module in without_capture_hooks(twin).modules() for hook in module._forward_hooks.values()
    ]
    assert kept == [print]


def test_modules_in_two_places_stay_one():
    shared = torch.nn.Linear(2, 2)
    twin = without_capture_hooks(torch.nn.ModuleList([shared, torch.nn.Sequential(shared)]))
    assert twin[0] is twin[1][0]
