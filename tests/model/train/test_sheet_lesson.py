"""The lesson of sheets: targets that say what a cell shows, and a loss that can be learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.data.sheets import Sheet
from model.train.sheet_lesson import SheetEncoder, sheet_losses
from molmo_act.modeling import MolmoPointForConditionalGeneration
from tests.model.train.small_run import GEOMETRY, tiny_config

SIDE = GEOMETRY.crop_size


@pytest.fixture(scope="module")
def encoder(tokenizer):
    return SheetEncoder(tokenizer, GEOMETRY)


def sheet(names: tuple[str, ...], boxes: list[list[float]], seed: int = 0) -> Sheet:
    image = np.random.default_rng(seed).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
    table = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    return Sheet(image, names, table, names, table)


def encode(encoder, *sheets: Sheet, seed: int = 0):
    return encoder.encode(list(sheets), np.random.default_rng(seed))


def test_weights_of_every_cell_sum_to_one(encoder):
    batch = encode(encoder, sheet(("red circle", "star"), [[0, 0, 90, 50], [60, 40, 200, 150]]))
    sums = torch.zeros(int(batch.cell_M.max()) + 1).index_add(0, batch.cell_M, batch.weight_M)
    used = batch.cell_M.unique()
    assert torch.allclose(sums[used], torch.ones(len(used)))
    assert int(batch.num_cells) == len(used)


def test_cells_show_the_words_of_what_covers_them(encoder, tokenizer):
    patches, tokens = 64, 16  # 8 × 8 patches of 28 pixels, 4 × 4 image tokens of 56
    batch = encode(encoder, sheet(("red", "star"), [[0, 0, 112, 224], [112, 0, 224, 224]]))
    red, star = (tokenizer(f" {name}").input_ids for name in ("red", "star"))
    assert int(batch.cell_M.max()) < patches + tokens
    for cell, word in zip(batch.cell_M.tolist(), batch.word_M.tolist(), strict=True):
        column = cell % 8 // 4 if cell < patches else (cell - patches) % 4 // 2
        assert word in (red, star)[column]


def test_cells_of_an_empty_sheet_show_nothing(encoder):
    batch = encode(encoder, sheet((), []))
    assert len(batch.cell_M)
    assert (batch.word_M == batch.nothing).all()


def test_cells_that_are_touched_only_a_little_are_not_asked(encoder):
    batch = encode(encoder, sheet(("star",), [[0, 0, 224, 4]]))  # a seventh of the first row of patches
    assert not set(batch.cell_M.tolist()) & set(range(8))


def test_patches_of_the_second_sheet_follow_those_of_the_first(encoder):
    one, other = sheet(("star",), [[0, 0, 224, 224]]), sheet((), [], seed=1)
    batch = encode(encoder, one, other)
    something = batch.cell_M[batch.word_M != batch.nothing]
    first = set(range(64)) | set(range(128, 144))  # patches of both, then tokens of both
    assert set(something.tolist()) <= first
    assert batch.patches.shape == (2, 64, 28 * 28 * 3)
    assert batch.pooling_NK.unique().tolist() == list(range(128))


def test_learning_names_what_is_seen(encoder, tokenizer):
    torch.manual_seed(0)
    model = MolmoPointForConditionalGeneration(tiny_config(tokenizer))
    batch = encode(encoder, sheet(("red", "star"), [[0, 0, 112, 224], [112, 0, 224, 224]]))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(60):
        losses = sheet_losses(model, batch)
        losses.total.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert float(losses.patch_letters) > 0.9
    assert float(losses.token_words) > 0.9
