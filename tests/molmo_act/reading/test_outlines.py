"""Outlines around a label say how they lie to it."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.reading.outlines import FIELD, GROUPS, OUTLINE_FEATURES, SLIDER, outlines, way_of
from tests.support.form_screen import draw_form
from tests.support.written_screen import read_line, read_text

LABEL = (100.0, 100.0, 160.0, 120.0)
WAYS = {
    (90, 90, 400, 130): "holds",
    (100, 104, 112, 116): "begins",
    (150, 104, 160, 116): "ends",
    (124, 104, 136, 116): None,  # a letter
    (170, 95, 400, 125): "right",
    (20, 95, 95, 125): "left",
    (100, 125, 300, 150): "below",
    (100, 60, 300, 95): "above",
    (300, 300, 400, 330): None,
}


@pytest.mark.parametrize("box", WAYS)
def test_ways(box):
    assert way_of(box, LABEL, 20.0) == WAYS[box]


@pytest.mark.parametrize("group", GROUPS)
def test_every_outline_has_all_features(group):
    image, label, _ = draw_form("field right")
    found = outlines(image, label, read_text(read_line("Name", *label[:2])), group)
    assert found
    for each in found:
        assert len(each.features) == len(OUTLINE_FEATURES)
        assert np.isfinite(each.features).all()


def test_a_line_is_pressed_above_as_a_field_and_on_it_as_a_slider():
    image, label, (x0, y0, x1, y1) = draw_form("underlined field")
    text = read_text(read_line("Name", *label[:2]))
    [field] = [each for each in outlines(image, label, text, FIELD) if each.box[2] - each.box[0] > 100]
    assert x0 <= field.middle[0] < x1
    assert y0 <= field.middle[1] < y1 - 2
    [slider] = [each for each in outlines(image, label, text, SLIDER) if each.box[2] - each.box[0] > 100]
    assert slider.box[3] - slider.box[1] <= 2


@pytest.mark.parametrize("label", [(-50, -50, -10, -30), (700, 500, 760, 520), (0, 0, 0, 0), (10, 10, 5, 5)])
def test_labels_outside_of_the_image_or_without_size(label):
    image, _, _ = draw_form("field right")
    outlines(image, label, read_text(), FIELD)
    assert outlines(np.zeros((1, 1, 3), np.uint8), label, read_text(), FIELD) == []


def test_a_form_on_an_8k_screen():
    small, label, control = draw_form("field right")
    screen = np.full((4320, 7680, 3), 255, np.uint8)
    screen[2000 : 2000 + 6 * 100, 3000 : 3000 + 6 * 500] = small[80:180, :500].repeat(6, 0).repeat(6, 1)
    x, y = 3000 + 6 * label[0], 2000 + 6 * (label[1] - 80)
    placed = x, y, x + 6 * (label[2] - label[0]), y + 6 * (label[3] - label[1])
    found = outlines(screen, placed, read_text(), FIELD)
    x0, y0, x1, y1 = control
    assert any(
        3000 + 6 * x0 < x < 3000 + 6 * x1 and 2000 + 6 * (y0 - 80) < y < 2000 + 6 * (y1 - 80)
        for x, y in (each.middle for each in found)
    )
