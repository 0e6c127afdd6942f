"""Which widgets fit which words, and how well."""

from __future__ import annotations

import pytest

from gui_agent.accessibility.widget import Widget
from gui_agent.geometry import Area
from gui_agent.vision.name_match import fit_of, fits_beside, is_other, likeness
from molmo_act.reading.query import parse_query


def widget(role: str, name: str, *box: int, description: str = "") -> Widget:
    area = Area(*box) if box else Area(0, 0, 40, 20)
    return Widget(role, name, area, description, shown=area)


SAVE = widget("push button", "Save")
BACKSPACE = widget("toggle button", "<-", description="Backspace    BackSpace")
SCORES = [  # from, to: words that name it, or might, or name something else
    ("the Save button", SAVE, 0.95, 1),
    ("click 'Save'", SAVE, 0.95, 1),
    ("save", SAVE, 0.95, 1),
    ("the SAVE button", SAVE, 0.95, 1),
    ("die Schaltfläche Save", SAVE, 0.95, 1),
    ("the Svae button", widget("push button", "Save"), 0, 0.6),  # two of four letters
    ("the Documants button", widget("push button", "Documents"), 0.6, 0.95),
    ("the Save button", widget("push button", "Save As…"), 0.1, 0.6),
    ("the Save As button", SAVE, 0.2, 0.6),  # says more: most likely another one
    ("the Name field", widget("table column header", "Name"), 0, 0.5),  # nothing to type into
    ("the Post folder", widget("table cell", "Post"), 0.95, 1),
    ("the Save button", widget("label", "Save"), 0.3, 0.9),  # a label is no button
    ("the Save button", widget("menu item", "Save"), 0.8, 0.98),
    ("the backspace key", BACKSPACE, 0.95, 1),  # what people call the sign
    ("the rubout key", widget("toggle button", "<-", description="Rubout"), 0.8, 0.97),  # its tooltip
    ("the text field", widget("text", ""), 0.9, 0.98),
    ("the + button", widget("toggle button", "+"), 0.95, 1),
]
OTHERS = [
    ("the Save button", widget("push button", "Open")),
    ("the 7 button", widget("toggle button", "8")),
    ("the + button", widget("toggle button", "-")),
    ("the text field", widget("push button", "")),
    ("the Save button", widget("push button", "")),
    ("the art button", widget("push button", "Start")),  # no whole word
]


@pytest.mark.parametrize(("query", "one", "least", "most"), SCORES)
def test_names_that_fit(query: str, one: Widget, least: float, most: float) -> None:
    fit = fit_of(one, parse_query(query))
    score = 0.0 if fit is None else fit.score
    assert least <= score <= most


@pytest.mark.parametrize(("query", "one"), OTHERS)
def test_names_of_something_else(query: str, one: Widget) -> None:
    assert fit_of(one, parse_query(query)) is None


def test_the_better_name_wins() -> None:
    query = parse_query("the Save button")
    found = [fit_of(widget("push button", name), query) for name in ("Save As…", "Save", "Save all files")]
    assert [fit.score for fit in found] != sorted(fit.score for fit in found)
    assert found[1].score == max(fit.score for fit in found)


def test_fields_beside_their_labels() -> None:
    name, city = widget("label", "Name", 10, 10, 40, 20), widget("label", "City", 10, 60, 40, 20)
    first, second = widget("text", "", 80, 8, 200, 24), widget("text", "", 10, 84, 200, 24)
    far = widget("text", "", 10, 500, 200, 24)
    widgets = [name, city, first, second, far]
    for query, field in (("the Name field", first), ("the field labelled City", second)):
        best = max(fits_beside(widgets, parse_query(query)), key=lambda fit: fit.score)
        assert best.widget is field
        assert best.score > 0.9
    assert fits_beside(widgets, parse_query("the Name button")) == []
    assert fits_beside([name], parse_query("the Name field")) == []


LIKE = [
    ("Save", " save ", 1.0, 1.0),
    ("Café", "cafe", 1.0, 1.0),
    ("save", "Save As…", 1.0, 0.67),
    ("Copy", "Paste", 0.0, 1.0),
    ("", "Save", 0.0, 1.0),
]


@pytest.mark.parametrize(("label", "name", "alike", "share"), LIKE)
def test_likeness(label: str, name: str, alike: float, share: float) -> None:
    assert likeness(label, name) == (alike, share)


def test_what_is_clearly_another_label() -> None:
    readings = parse_query("the Save button").readings
    assert is_other("Open", readings)
    assert not is_other("Save", readings)
    assert not is_other("Save a copy", readings)
    assert not is_other("Sav", readings), "it may be cut off"
    assert not is_other("", readings)


def test_a_word_for_another_kind_is_a_name() -> None:
    """The Buttons menu is not any menu."""
    menus = [widget("menu", name, 10, 10, 40, 20) for name in ("File", "Buttons")]
    scores = [
        0.0 if fit is None else fit.score
        for fit in (fit_of(one, parse_query("the Buttons menu")) for one in menus)
    ]
    assert scores[0] < 0.1 < 0.9 < scores[1]
