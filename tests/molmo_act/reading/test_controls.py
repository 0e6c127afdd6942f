"""Fields, boxes to tick and sliders are found beside their label, and nothing beside others."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.reading.controls import CONTROL_FILE, control_of, control_weights
from molmo_act.reading.outlines import GROUPS
from molmo_act.reading.text import ReadText, TextLine, Word
from tests.support.form_screen import FORMS, draw_form

KINDS = {"check box": "check box", "radio button": "choice", "slider": "slider"}


def text_of(label):
    return ReadText((TextLine((Word("Name", label, 0.99),), label),), (640, 480))


@pytest.mark.parametrize("form", FORMS)
def test_the_control_of_a_label(form):
    image, label, (x0, y0, x1, y1) = draw_form(form)
    found = control_of(image, label, text_of(label), KINDS.get(form, "field"))
    assert found is not None
    x, y = found.middle
    assert x0 <= x < x1
    assert y0 <= y < y1
    assert 0.5 <= found.probability <= 1


@pytest.mark.parametrize("kind", ["button", "link", "icon", "text"])
def test_kinds_under_their_label_have_none(kind):
    image, label, _ = draw_form("field right")
    assert control_of(image, label, text_of(label), kind) is None


@pytest.mark.parametrize("kind", ["field", "check box", "slider", None])
def test_a_label_alone_has_none(kind):
    image, label, _ = draw_form("field right")
    image[:, 170:] = 255
    assert control_of(image, label, text_of(label), kind) is None


def test_a_photograph_has_none():
    image, label, _ = draw_form("field right")
    noisy = image + np.random.default_rng(0).normal(0, 6, image.shape)
    assert control_of(noisy.clip(0, 255).astype(np.uint8), label, text_of(label), "field") is None


def test_a_check_box_that_was_read_as_a_letter_of_its_label():
    image, label, (x0, _, x1, _) = draw_form("check box")
    wide = (76.0, *label[1:])
    found = control_of(image, wide, text_of(wide), "check box")
    assert found is not None
    assert x0 <= found.middle[0] < x1


def test_weights_of_every_group():
    assert CONTROL_FILE.is_file()
    assert set(control_weights()) == set(GROUPS)


def test_a_label_that_was_read_with_much_space_around_it():
    """The same label of a form in Chromium was cut out with more or less around it."""
    image = np.full((400, 640, 3), 255, np.uint8)
    box = (59, 263, 70, 274)
    image[262:275, 58:71] = 118
    image[263:274, 59:70] = 255
    for label in ((72.0, 251.0, 183.0, 286.0), (56.0, 248.0, 184.0, 288.0)):
        found = control_of(image, label, text_of(label), "check box")
        assert found is not None
        assert box[0] <= found.middle[0] < box[2]
        assert box[1] <= found.middle[1] < box[3]
