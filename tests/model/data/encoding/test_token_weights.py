"""Weights of loss tokens."""

from __future__ import annotations

import pytest

from model.data.encoding.token_weights import token_weight


@pytest.mark.parametrize(
    ("kind", "loss_tokens", "branches", "weight"),
    [
        ("caption", 100, 1, 0.2),  # 2 / √100
        ("qa", 4, 1, 1.0),
        ("qa", 4, 4, 0.5),  # 1 / √4 of it
        ("pointing", 400, 9, 0.2),  # flat
        ("video_caption", 400, 9, 0.1),
    ],
)
def test_token_weights(kind, loss_tokens, branches, weight):
    assert token_weight(kind, loss_tokens, branches) == pytest.approx(weight)
