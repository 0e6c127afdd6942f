"""Groups of widgets: their height, and that they keep to their width."""

from __future__ import annotations

import pytest

from model.data.screens import blocks
from model.data.screens.blocks import BLOCKS, fill_region
from tests.model.data.drawn_canvas import blank_canvas


@pytest.mark.parametrize("block", sorted(set(BLOCKS), key=lambda block: block.__name__))
def test_a_block_lies_between_its_top_and_the_height_that_it_returns(block) -> None:
    for seed in range(6):
        canvas = blank_canvas(900, 1400, seed)
        height = block(canvas, 100, 50, 600)
        assert height >= 0
        boxes = [element.box for element in canvas.elements] + [box for _, box in canvas.texts]
        for x0, y0, x1, y1 in boxes:
            assert x0 >= 97
            assert y0 >= 49
            assert x1 <= 704
            assert y1 <= 50 + height + 2 * canvas.theme.em


def test_what_does_not_fit_is_not_drawn() -> None:
    for block in (blocks.keypad, blocks.month, blocks.heading, blocks.wide_button):
        canvas = blank_canvas(300, 600)
        before = canvas.pixels()
        assert block(canvas, 0, 0, 8) == 0
        assert (canvas.pixels() == before).all()
        assert not canvas.elements


def test_a_month_has_all_its_days_in_order() -> None:
    canvas = blank_canvas(900, 900)
    blocks.month(canvas, 0, 0, 800)
    days = [int(element.label) for element in canvas.elements if element.role == "button"]
    assert days == list(range(1, len(days) + 1))
    assert 28 <= len(days) <= 31


def test_a_pager_counts_up_between_its_ends() -> None:
    for seed in range(5):
        canvas = blank_canvas(1200, 100, seed)
        blocks.pager(canvas, 0, 0, 1200)
        labels = [element.label for element in canvas.elements]
        pages = [int(label) for label in labels[1:-1]]
        assert pages == list(range(pages[0], pages[0] + len(pages)))


def test_a_region_is_filled_to_its_bottom() -> None:
    for seed in range(5):
        canvas = blank_canvas(600, 500, seed)
        fill_region(canvas, 20, 20, 580, 480)
        lowest = max(box[3] for _, box in canvas.texts)
        assert lowest > 240
