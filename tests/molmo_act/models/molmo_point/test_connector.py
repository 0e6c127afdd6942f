"""The connector: what empty slots change, and its released options."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from molmo_act.models.molmo_point.connector import MolmoPointAdapter
from tests.support.tiny_checkpoint import tiny_model


def config(**changes):
    """Settings of the tiny checkpoint's connector, changed."""
    settings = copy.deepcopy(tiny_model().config.adapter_config)
    for name, value in changes.items():
        setattr(settings, name, value)
    return settings


def made(**changes) -> MolmoPointAdapter:
    torch.manual_seed(0)
    return MolmoPointAdapter(config(**changes)).eval()


@pytest.fixture
def windows():
    """Three windows of four slots; the second has two empty ones, the third is the second's filled half."""
    torch.manual_seed(1)
    width = config().hidden_size * len(config().vision_feature_layer)
    windows = torch.randn(3, 4, width)
    valid = torch.tensor([[True] * 4, [True, True, False, False], [True, True, False, False]])
    windows[2, :2] = windows[1, :2]
    return windows * valid[..., None], valid


@torch.no_grad()
def test_empty_slots_change_nothing(windows):
    values, valid = windows
    whole = made(pooling_attention_mask=True)(values, valid)
    assert whole.shape == (3, config().text_hidden_size)
    torch.testing.assert_close(whole[1], whole[2])
    alone = made(pooling_attention_mask=True)(values[1:2, :2], valid[1:2, :2])
    torch.testing.assert_close(whole[1:2], alone)


@torch.no_grad()
def test_without_the_mask_empty_slots_take_part_as_zeros(windows):
    values, valid = windows
    connector = made(pooling_attention_mask=False)
    alone = connector(values[1:2, :2], valid[1:2, :2])
    assert not torch.allclose(connector(values, valid)[1:2], alone)


def test_the_output_projection_is_an_option():
    assert isinstance(made(attention_pooling_out_layer=False).image_pooling_2d.o_proj, nn.Identity)
    assert isinstance(made(attention_pooling_out_layer=True).image_pooling_2d.o_proj, nn.Linear)


@torch.no_grad()
def test_a_bias_is_added_to_each_slot(windows):
    values, valid = windows
    connector = made(positional_embeddings=9)
    plain = connector(values, valid)
    connector.positional_embeddings.bias[:4] = 1.0  # a window of fewer slots uses the first biases
    torch.testing.assert_close(connector(values, valid)[:1], made()(values + 1, valid)[:1])
    assert not torch.allclose(connector(values, valid), plain)
