"""Crops a few at a time, windows of their patches, and features at image tokens."""

from __future__ import annotations

import pytest
import torch

from molmo_act.errors import InputError
from molmo_act.models.image_windows import add_image_features, encode_crops, gather_windows


def test_crops_are_encoded_a_few_at_a_time(monkeypatch):
    monkeypatch.setattr("molmo_act.models.image_windows.CROPS_AT_ONCE", 2)
    sizes = []

    def encode(pixels: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        sizes.append((len(pixels), len(masks)))
        return pixels + masks

    pixels, masks = torch.rand(5, 3, 4), torch.rand(5, 3, 1)
    with torch.no_grad():
        assert torch.equal(encode_crops(encode, pixels, masks), pixels + masks)
    assert sizes == [(2, 2), (2, 2), (1, 1)]
    encode_crops(encode, pixels, masks)  # with gradients
    assert sizes[3:] == [(5, 5)]


def test_windows_are_zero_in_empty_slots():
    features = torch.arange(1, 9).reshape(2, 4, 1).float()
    windows = gather_windows(features, torch.tensor([[0, 5], [-1, 7]]))
    assert windows[..., 0].tolist() == [[1, 6], [0, 8]]


def test_features_are_added_in_order():
    where = torch.tensor([[False, True], [True, False]])
    found = add_image_features(torch.ones(2, 2, 1), where, torch.tensor([[10.0], [20.0]]))
    assert found[..., 0].tolist() == [[1, 11], [21, 1]]
    with pytest.raises(InputError, match="has 2 image tokens but the images give 1"):
        add_image_features(torch.ones(2, 2, 1), where, torch.ones(1, 1))
