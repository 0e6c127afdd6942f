"""A layer in NF4 that has answered on a CPU, read in every way, against the layer as it was."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

bitsandbytes = pytest.importorskip("bitsandbytes", reason="needs the extra quant")

from molmo_act.quantization.nf4_layer import ExactLinear4bit  # noqa: E402

WIDE, HIGH = 128, 64


def make_layer(nested: bool = False, **options) -> ExactLinear4bit:
    torch.manual_seed(3)
    options = {"quant_type": "nf4", "compute_dtype": torch.bfloat16, "compress_statistics": nested} | options
    layer = bitsandbytes.nn.Linear4bit(WIDE, HIGH, bias=False, **options).to("cpu").eval()
    if not layer.support_avx512bf16_for_cpu:
        pytest.skip("this CPU has no kernel that packs weights")
    ExactLinear4bit.convert(layer)
    return layer


def inputs(rows: int = 2) -> Tensor:
    return torch.linspace(-1, 1, rows * WIDE).reshape(rows, WIDE).bfloat16()


def values(layer: nn.Module) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in layer.state_dict().items()}


def assert_same(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    for key, value in first.items():
        assert value.dtype == second[key].dtype, key
        assert torch.equal(value, second[key]), key


READ = {
    "state_dict": lambda layer: layer,
    "to": lambda layer: layer.to("cpu"),
    "cpu": lambda layer: layer.cpu(),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "pickle": lambda layer: pickle.loads(pickle.dumps(layer)),
    "train": lambda layer: layer.train(),
}


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("way", READ)
@torch.no_grad()
def test_a_used_layer_is_read_as_it_was(way, nested):
    layer = make_layer(nested)
    before = values(layer)
    answer = layer(inputs())
    assert layer.packed
    read = READ[way](layer)
    assert_same(before, values(read))
    for one in (read, layer):
        one.eval()
        assert torch.equal(one(inputs()), answer)
        assert one.packed
        assert_same(before, values(one))


def test_numbers_of_a_used_layer_that_moved_are_exact():
    """As transformers and PEFT read them when they undo a quantization or merge adapters."""
    layer = make_layer()
    dequantize = bitsandbytes.functional.dequantize_4bit
    before = dequantize(layer.weight.data, layer.weight.quant_state)
    with torch.no_grad():
        layer(inputs())
    moved = layer.to("cpu")
    assert torch.equal(dequantize(moved.weight.data, moved.weight.quant_state), before)


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_gradients_pass_through_a_used_layer(mode):
    def gradient(layer: nn.Module) -> Tensor:
        x = inputs().requires_grad_()
        layer(x).square().sum().backward()
        return x.grad

    expected = gradient(make_layer())
    assert expected.abs().sum() > 0
    used = make_layer()
    with torch.no_grad():
        used(inputs())
    assert used.packed
    getattr(used, mode)()
    assert torch.equal(gradient(used), expected)


def test_threads_answer_and_save_at_once():
    layer = make_layer()
    before = values(layer)
    with torch.no_grad():
        expected = make_layer()(inputs(1))

    def work(turn: int) -> None:
        with torch.no_grad():
            if turn % 3:
                assert torch.equal(layer(inputs(1)), expected)
            else:
                assert_same(before, copy.deepcopy(layer).state_dict())

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(300)))
