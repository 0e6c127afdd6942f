"""The losses of glyph sheets: they can be learned, and say what was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.train.data.glyph_sheet_batch import GlyphSheetEncoder
from model.train.losses.glyph_sheets import glyph_sheet_losses
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration
from tests.model.train.small_run import GEOMETRY, noise_sheet, tiny_config


@pytest.fixture(scope="module")
def encoder(tokenizer):
    return GlyphSheetEncoder(tokenizer, GEOMETRY)


def encode(encoder, names: tuple[str, ...], boxes: list[list[float]]):
    return encoder.encode([noise_sheet(names, boxes)], np.random.default_rng(0))


def test_learning_names_what_is_seen(encoder, tokenizer):
    torch.manual_seed(0)
    model = MolmoPointForConditionalGeneration(tiny_config(tokenizer))
    batch = encode(encoder, ("red", "star"), [[0, 0, 112, 224], [112, 0, 224, 224]])
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(60):
        losses = glyph_sheet_losses(model, batch)
        losses.total.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert float(losses.patch_letters) > 0.9
    assert float(losses.token_words) > 0.9


@torch.no_grad()
def test_a_sheet_that_shows_nothing_has_no_letters_to_read(encoder, tokenizer):
    torch.manual_seed(0)
    model = MolmoPointForConditionalGeneration(tiny_config(tokenizer))
    losses = glyph_sheet_losses(model, encode(encoder, (), []))
    assert losses.total.isfinite()
    assert losses.patch_letters.isnan()
    assert losses.token_words.isnan()
