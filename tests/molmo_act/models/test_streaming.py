"""Models whose language blocks stay on the disk are the model, and hold one block at a time."""

from __future__ import annotations

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from molmo_act.errors import CheckpointError
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration
from molmo_act.models.streaming import present, stream_checkpoint
from tests.support.tiny_checkpoint import TINY


def absent(module: torch.nn.Module) -> bool:
    return all(parameter.is_meta for parameter in module.parameters())


@pytest.fixture
def checkpoint(tmp_path):
    return shutil.copytree(
        TINY, tmp_path / "copy", ignore=shutil.ignore_patterns("case_*", "*.md", "logits_*")
    )


@pytest.mark.parametrize("keep", [True, False])
def test_weights_and_answers_are_those_of_the_model(keep):
    expected = MolmoPointForConditionalGeneration.from_pretrained(TINY, dtype=torch.float32).eval()
    model = stream_checkpoint(TINY, torch.float32, keep=keep)
    layers = model.model.language_model.layers
    assert absent(layers) is not keep
    for name, parameter in expected.named_parameters():
        index = int(name.split("layers.")[1].split(".")[0]) if "language_model.layers" in name else None
        with present(model if index is None else layers[index]):
            assert torch.equal(model.get_parameter(name), parameter), name
    assert absent(layers) is not keep
    ids = torch.tensor([[1, 2, 3, 4]])
    with torch.inference_mode():
        assert torch.equal(model(input_ids=ids).logits, expected(input_ids=ids).logits)
    assert absent(layers) is not keep


def test_no_more_than_one_block_is_there():
    model = stream_checkpoint(TINY, torch.float32, keep=False)
    layers = model.model.language_model.layers
    seen = []
    for layer in layers:
        layer.mlp.register_forward_hook(lambda *_: seen.append(sum(not absent(each) for each in layers)))
    with torch.inference_mode():
        model(input_ids=torch.tensor([[1, 2]]))
    assert seen == [1] * len(layers)


def test_a_block_is_dropped_when_it_fails():
    model = stream_checkpoint(TINY, torch.float32, keep=False)
    layer = model.model.language_model.layers[0]
    with pytest.raises(RuntimeError):
        layer(torch.zeros(1, 2, 3), position_embeddings=None)  # of no width that it knows
    assert absent(layer)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights, key: weights.pop(key), "lacks"),
        (lambda weights, key: weights.update(more=torch.zeros(2)), "does not know: more"),
    ],
)
def test_what_does_not_fit_is_named(checkpoint, change, message):
    weights = load_file(checkpoint / "model.safetensors")
    change(weights, next(key for key in weights if key.endswith("attn_norm.weight")))
    save_file(weights, checkpoint / "model.safetensors", {"format": "pt"})
    with pytest.raises(CheckpointError, match=message):
        stream_checkpoint(checkpoint, torch.float32, keep=False)
