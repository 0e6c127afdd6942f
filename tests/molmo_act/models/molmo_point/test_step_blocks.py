"""The language blocks in fewer calls give what the modules give."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import molmo_act
from model.benchmarks._random_models import Shape, config_of
from molmo_act.generation.kv_cache import TreeCache
from molmo_act.models.molmo_point.core import MolmoPointTextModel
from molmo_act.models.molmo_point.step_blocks import StepBlocks

VISION = Shape(48, 2, 2, 24, intermediate_size=96, num_hidden_layers=4)


def text_model(heads: int = 6, key_heads: int = 2, **options) -> MolmoPointTextModel:
    torch.manual_seed(0)
    config = config_of(4200, Shape(64, heads, key_heads, 32, 96, 3), VISION, 128).text_config
    for name, value in options.items():
        setattr(config, name, value)
    model = MolmoPointTextModel._from_config(config, attn_implementation="sdpa").eval()
    for parameter in model.parameters():  # norms of one would hide a weight that is left out
        nn.init.normal_(parameter, std=0.3)
    return model


def two_steps(run, model: MolmoPointTextModel, batch: int) -> list[torch.Tensor]:
    """Hidden states of a prompt and of drafted tokens behind it, and what the cache then holds."""
    torch.manual_seed(1)
    cache = TreeCache(3, batch, model.config.num_key_value_heads, 40, 32, torch.zeros(1))
    found = []
    for begin, end in ((0, 20), (20, 33)):
        x = torch.randn(batch, end - begin, 64)
        mask = torch.rand(batch, 1, end - begin, end) < 0.7
        mask = mask | (torch.arange(end) == torch.arange(begin, end)[:, None])
        where = torch.arange(begin, end).expand(batch, -1)
        positions = where - torch.arange(batch)[:, None]  # rows are padded
        cache.prepare(where, end)
        found.append(run(x, mask, positions.clamp_min(0), cache))
    return [*found, cache.values_2LBHSD]


def as_modules(model):
    def run(x, mask, positions, cache):
        return model(
            inputs_embeds=x, attention_mask=mask, position_ids=positions, past_key_values=cache
        ).last_hidden_state

    return run


@torch.inference_mode()
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("key_heads", [6, 2, 1])
def test_states_and_cache_are_those_of_the_modules(key_heads, batch):
    model = text_model(key_heads=key_heads)
    assert StepBlocks.fits(model)
    expected, found = (two_steps(run, model, batch) for run in (as_modules(model), StepBlocks(model)))
    assert expected[1].std() > 0.1
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_quantized_layers_are_called_as_they_are():
    model = molmo_act.load(device="cpu", quantization="int8-dynamic").model.model.language_model
    assert StepBlocks.fits(model)
    x, where = torch.randn(1, 5, model.config.hidden_size), torch.arange(5)[None]
    found = []
    for run in (as_modules(model), StepBlocks(model)):
        cache = TreeCache(6, 1, 2, 5, 64, torch.zeros(1))
        cache.prepare(where, 5)
        found.append(run(x, torch.ones(1, 1, 5, 5, dtype=torch.bool).tril(), where, cache))
    torch.testing.assert_close(found[1], found[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.half(),
        lambda model: setattr(model.config, "norm_after", True),
        lambda model: setattr(model.config, "qk_norm_type", "olmo"),
        lambda model: model.set_attn_implementation("eager"),
        lambda model: model.layers.__setitem__(1, nn.Identity()),
        lambda model: model.layers[1].mlp.register_forward_hook(lambda *_: None),
    ],
    ids=["float16", "norm after", "olmo", "eager", "another layer", "a hook"],
)
def test_other_models_run_as_modules(change):
    model = text_model()
    assert StepBlocks.fits(model)
    change(model)
    assert not StepBlocks.fits(model)
