"""Single widgets: what they report to the canvas is what they drew."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.screens import widgets
from model.data.screens.canvas import ScreenCanvas
from tests.model.data.drawn_canvas import blank_canvas


def only(canvas: ScreenCanvas, role: str):
    """The only element of a role."""
    (element,) = [each for each in canvas.elements if each.role == role]
    return element


def drawn(canvas: ScreenCanvas) -> tuple[int, int, int, int]:
    """Bounds of everything that was drawn."""
    plain = ScreenCanvas(canvas.width, canvas.height, canvas.theme, canvas.rand, canvas.writer, canvas._icons)
    rows, columns = np.nonzero((canvas.pixels() != plain.pixels()).any(axis=2))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("style", ["filled", "outlined", "soft", "classic"])
def test_a_button_is_as_large_as_it_says(style: str) -> None:
    canvas = blank_canvas(300, 100, button=style, ground=(255, 0, 255))
    width, height = widgets.button(canvas, 20, 30, "Save", primary=False)
    button = only(canvas, "button")
    assert button.label == "Save"
    assert button.box == (20, 30, 20 + width, 30 + height)
    assert drawn(canvas) == button.box
    assert tuple(text for text, _ in canvas.texts) == ("Save", )  # fmt: skip


def test_a_button_may_be_wider_and_carry_an_icon() -> None:
    canvas = blank_canvas(300, 100)
    assert widgets.button(canvas, 0, 0, "Save", width=200)[0] == 200
    wide = widgets.button_width(canvas, "Save", "trash")
    assert wide > widgets.button_width(canvas, "Save")
    widgets.button(canvas, 0, 40, "Go", icon="trash")
    assert only(canvas, "icon").label == "trash"


def test_the_whole_icon_button_is_what_its_icon_names() -> None:
    canvas = blank_canvas(200, 100)
    width, height = widgets.icon_button(canvas, 10, 20, "lock")
    icon = only(canvas, "icon")
    assert icon.box == (10, 20, 10 + width, 20 + height)
    assert width == height > widgets.icon_size(canvas)


@pytest.mark.parametrize("where", ["above", "left", "inside"])
def test_a_field_is_named_by_its_label_wherever_it_stands(where: str) -> None:
    canvas = blank_canvas(400, 120, fields=where)
    widgets.field(canvas, 10, 10, 300, "City")
    field = only(canvas, "field")
    assert field.label == "City"
    assert field.box[2] == 310
    label = next(box for text, box in canvas.texts if text.startswith("City"))
    inside = field.box[0] <= label[0] and field.box[1] <= label[1] < field.box[3]
    assert inside == (where == "inside")
    assert (field.box[0] > 10) == (where == "left")


@pytest.mark.parametrize("kind", ["checkbox", "radio", "toggle"])
def test_the_label_of_an_option_can_be_clicked(kind: str) -> None:
    canvas = blank_canvas(300, 60)
    width, _ = widgets.option(canvas, 10, 10, "Remember me", kind)
    option = only(canvas, kind)
    text = next(box for text, box in canvas.texts if text == "Remember me")
    assert option.box[0] == 10
    assert option.box[2] >= text[2]
    assert option.box[2] == int(10 + width + 1)


def test_tabs_that_do_not_fit_are_left_out() -> None:
    canvas = blank_canvas(900, 60)
    labels = ["Alpha", "Beta", "Gamma"]
    widgets.tabs(canvas, 0, 0, labels, 900)
    assert [element.label for element in canvas.elements] == labels
    narrow = blank_canvas(900, 60)
    widgets.tabs(narrow, 0, 0, labels, widgets.button_width(narrow, "Alpha") * 1.3)
    assert [element.label for element in narrow.elements] == ["Alpha"]


def test_a_drop_down_is_named_by_its_label_or_its_value() -> None:
    canvas = blank_canvas(300, 120)
    widgets.dropdown(canvas, 10, 10, 150, "Country", own_label=True)
    assert only(canvas, "dropdown").label == "Country"
    assert len(canvas.texts) == 2
    bare = blank_canvas(300, 120)
    widgets.dropdown(bare, 10, 10, 150, "France", own_label=False)
    assert [text for text, _ in bare.texts] == ["France"]


def test_a_slider_can_be_dragged_along_its_whole_track() -> None:
    canvas = blank_canvas(300, 120)
    widgets.slider(canvas, 10, 10, 200, "Volume")
    box = only(canvas, "slider").box
    assert (box[0], box[2]) == (10, 210)


def test_paragraphs_keep_within_their_width_and_are_not_asked_for() -> None:
    canvas = blank_canvas(500, 300)
    widgets.paragraph(canvas, 10, 10, 200, 5)
    assert canvas.elements == []
    assert canvas.texts
    assert all(box[2] <= 211 for _, box in canvas.texts)


def test_images_and_progress_bars_are_not_asked_for() -> None:
    canvas = blank_canvas(300, 200)
    assert widgets.image(canvas, 10, 10, 100, 80) == (100, 80)
    widgets.progress(canvas, 10, 120, 150)
    assert canvas.elements == []
