"""Sheets of names: what is written there is there, in every split, from the seed alone."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.screens.glyph_sheets import GlyphSheetPainter
from tests.model.data.drawn_icons import WORDS, drawn_icons
from tests.model.data.drawn_sprites import FLAT, flat_library

SIDE = 224


@pytest.fixture
def painter() -> GlyphSheetPainter:
    return GlyphSheetPainter(flat_library(photos=2), drawn_icons(), words=WORDS)


def test_an_equal_seed_gives_an_equal_sheet(painter):
    one, same, other = (painter.draw(np.random.default_rng(seed), SIDE) for seed in (3, 3, 4))
    assert np.array_equal(one.image, same.image)
    assert one.names == same.names
    assert not np.array_equal(one.image, other.image)


def test_every_name_has_a_box_with_something_in_it(painter):
    for seed in range(12):
        sheet = painter.draw(np.random.default_rng(seed), SIDE)
        assert sheet.image.shape == (SIDE, SIDE, 3)
        assert len(sheet.names) == len(sheet.boxes)
        for name, (x0, y0, x1, y1) in zip(sheet.names, sheet.boxes, strict=True):
            assert name
            assert 0 <= x0 < x1 <= SIDE
            assert 0 <= y0 < y1 <= SIDE
            content = sheet.image[int(y0) : int(y1), int(x0) : int(np.ceil(x1))]
            fills_its_box = name.split(" ")[-1] in {*FLAT, "square", "rectangle"}
            assert fills_its_box or np.ptp(content.astype(int), axis=(0, 1)).max() > 20, name


def test_letters_lie_on_their_words_in_order(painter):
    sheet = painter.draw(np.random.default_rng(5), SIDE)
    letters = [(part, box) for part, box in zip(sheet.parts, sheet.part_boxes, strict=True) if len(part) == 1]
    assert letters
    for name, box in zip(sheet.names, sheet.boxes, strict=True):
        inside = [
            part for part, (x0, y0, x1, _) in letters if y0 == box[1] and box[0] <= x0 and x1 <= box[2] + 1e-6
        ]
        assert not inside or "".join(inside) == name.replace(" ", "")


def test_sheets_are_full_and_of_all_kinds(painter):
    drawn = [painter.draw(np.random.default_rng(seed), SIDE) for seed in range(30)]
    names = [name for sheet in drawn for name in sheet.names]
    assert len(names) / len(drawn) > 10
    assert any("circle" in name for name in names)
    assert any(name in ("Save", "Cancel", "OK", "Open") for name in names)
