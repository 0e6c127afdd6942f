"""Targets of glyph sheets say what a cell shows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.data.screens.glyph_sheets import GlyphSheet
from model.train.data.glyph_sheet_batch import GlyphSheetEncoder
from tests.model.train.small_run import GEOMETRY, noise_sheet


@pytest.fixture(scope="module")
def encoder(tokenizer):
    return GlyphSheetEncoder(tokenizer, GEOMETRY)


def encode(encoder, *sheets: GlyphSheet, seed: int = 0):
    return encoder.encode(list(sheets), np.random.default_rng(seed))


def test_weights_of_every_cell_sum_to_one(encoder):
    batch = encode(encoder, noise_sheet(("red circle", "star"), [[0, 0, 90, 50], [60, 40, 200, 150]]))
    sums = torch.zeros(int(batch.cell_M.max()) + 1).index_add(0, batch.cell_M, batch.weight_M)
    used = batch.cell_M.unique()
    assert torch.allclose(sums[used], torch.ones(len(used)))
    assert int(batch.num_cells) == len(used)


def test_cells_show_the_words_of_what_covers_them(encoder, tokenizer):
    patches, tokens = 64, 16  # 8 × 8 patches of 28 pixels, 4 × 4 image tokens of 56
    batch = encode(encoder, noise_sheet(("red", "star"), [[0, 0, 112, 224], [112, 0, 224, 224]]))
    red, star = (tokenizer(f" {name}").input_ids for name in ("red", "star"))
    assert int(batch.cell_M.max()) < patches + tokens
    for cell, word in zip(batch.cell_M.tolist(), batch.word_M.tolist(), strict=True):
        column = cell % 8 // 4 if cell < patches else (cell - patches) % 4 // 2
        assert word in (red, star)[column]


def test_cells_of_an_empty_sheet_show_nothing(encoder):
    batch = encode(encoder, noise_sheet((), []))
    assert len(batch.cell_M)
    assert (batch.word_M == batch.nothing).all()


def test_cells_that_are_touched_only_a_little_are_not_asked(encoder):
    batch = encode(encoder, noise_sheet(("star",), [[0, 0, 224, 4]]))  # a seventh of the first row of patches
    assert not set(batch.cell_M.tolist()) & set(range(8))


def test_patches_of_the_second_sheet_follow_those_of_the_first(encoder):
    one, other = noise_sheet(("star",), [[0, 0, 224, 224]]), noise_sheet((), [], seed=1)
    batch = encode(encoder, one, other)
    something = batch.cell_M[batch.word_M != batch.nothing]
    first = set(range(64)) | set(range(128, 144))  # patches of both, then tokens of both
    assert set(something.tolist()) <= first
    assert batch.patches.shape == (2, 64, 28 * 28 * 3)
    assert batch.pooling_NK.unique().tolist() == list(range(128))
