"""Modules of one prompt give what those of a batch give."""

from __future__ import annotations

import torch
from torch import nn

from molmo_act.export.graph_modules import LanguageLayer


class _Layer(nn.Module):
    """Gives what it was given, so that the cache can be looked at."""

    def forward(self, x, position_embeddings, attention_mask, past_key_values):
        states = torch.arange(4.0).view(1, 2, 1, 2)  # 2 heads, 1 token
        key, value = past_key_values.update(states, -states, 0)
        assert (position_embeddings[0].ndim, attention_mask.ndim, key.ndim, value.ndim) == (3, 4, 4, 4)
        return x


def test_a_layer_writes_what_it_is_fed_where_it_is_told_to():
    past = torch.arange(12.0).view(2, 3, 2)
    x, mask = torch.zeros(1, 5), torch.zeros(1, 3)
    angles, slots = torch.zeros(1, 2), torch.tensor([[[0, 1]], [[1, 1]]])  # row 1 of both heads
    y, key, value = LanguageLayer(_Layer())(x, angles, angles, mask, slots, past, past)
    assert y.shape == x.shape
    assert key[0].tolist() == [[0, 1], [0, 1], [4, 5]]
    assert key[1].tolist() == [[6, 7], [2, 3], [10, 11]]
    assert value[1].tolist() == [[6, 7], [-2, -3], [10, 11]]
    assert past.tolist() == torch.arange(12.0).view(2, 3, 2).tolist()
