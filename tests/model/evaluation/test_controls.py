"""Controls of rendered pages, fitted and measured."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from model.data.screens.elements import Element, ScreenContent
from model.data.web.real_pages import save_page
from model.evaluation import controls
from molmo_act.errors import InputError
from molmo_act.reading.controls import control_weights
from molmo_act.reading.outlines import FIELD, TICK, UNSAID
from molmo_act.reading.text import ReadText, TextLine, Word
from tests.support.form_screen import draw_form


def form_page(tmp_path, form, role):
    """A page with one control, a heading below it, and both labels read where they stand."""
    image, label, control = draw_form(form)
    union = (control[0], control[1], label[2], control[3]) if role == "checkbox" else control
    elements = (Element(role, "Name", union), Element("heading", "Title", (100, 300, 152, 320)))
    lines = tuple(
        TextLine((Word(text, box, 0.99),), box) for text, box in (("Name", label), ("Title", elements[1].box))
    )
    shown = ScreenContent(elements, (("Name", label),), frozenset())
    return controls.FormPage(tmp_path / f"{form}.json", image, shown, ReadText(lines, (640, 480)))


def test_what_is_ticked_is_told_from_its_label(tmp_path):
    page = form_page(tmp_path, "check box", "checkbox")
    [ticked] = [each for each in page.labelled if each.role == "checkbox"]
    assert ticked.group == TICK
    assert ticked.hit(85, 110)
    assert not ticked.hit(120, 110)  # the label


def test_fitted_weights_find_controls_and_say_how_often(tmp_path, monkeypatch):
    pages = [
        form_page(tmp_path, form, role)
        for form, role in (
            *(("field right", "field"), ("field below", "field"), ("placeholder", "field")),
            *(("check box", "checkbox"), ("slider", "slider")),
        )
    ]
    weights = controls.fit_controls(pages)
    fields = controls.outcomes(pages, FIELD, weights[FIELD])["field"]
    assert [each.hit for each in fields] == [True, True, True]
    assert [each.at_label for each in fields] == [False, False, True]
    unsaid = controls.outcomes(pages, UNSAID, weights[UNSAID])
    assert max(each.probability for each in unsaid["heading"]) < min(
        each.probability for each in unsaid["field"]
    )
    monkeypatch.setattr(controls, "CONTROL_FILE", tmp_path / "weights.json")
    monkeypatch.setattr("molmo_act.reading.controls.CONTROL_FILE", tmp_path / "weights.json")
    controls.write_controls(weights)
    assert control_weights.__wrapped__() == weights


def test_pages_are_read_once(tmp_path):
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
    image, label, control = draw_form("field right")
    png = io.BytesIO()
    Image.fromarray(image).save(png, format="PNG")
    shown = ScreenContent((Element("field", "Name", control),), (("Name", label),), frozenset())
    save_page(tmp_path / "page", png.getvalue(), shown)
    first, again = (list(controls.read_forms(tmp_path, tmp_path / "kept")) for _ in range(2))
    assert first[0].text == again[0].text
    assert np.array_equal(first[0].image, image)
    assert first[0].labelled[0].hit(300, 110)


def test_an_empty_folder_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match="No pages in"):
        list(controls.read_forms(tmp_path, tmp_path / "kept"))
