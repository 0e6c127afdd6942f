"""Whole screens: windows cover what lies below them, dialogs shut off the rest."""

from __future__ import annotations

from model.data.screens import layouts
from model.data.screens.elements import Element
from tests.model.data.drawn_canvas import blank_canvas


def overlap(one: tuple, other: tuple) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)


def test_screens_are_full_and_what_they_report_lies_inside() -> None:
    for seed in range(25):
        canvas = blank_canvas(640, 480, seed)
        layouts.compose(canvas)
        assert len(canvas.elements) >= 3
        for x0, y0, x1, y1 in (element.box for element in canvas.elements):
            assert -0.5 <= x0 < x1 <= 640.5
            assert -0.5 <= y0 < y1 <= 480.5


def test_a_window_on_top_forgets_what_it_hides() -> None:
    canvas = blank_canvas(640, 480)
    canvas.add("button", "Below", (200, 200, 260, 230))
    canvas.add("button", "Beside", (5, 5, 60, 30))
    layouts._window_on_top(canvas, 100, 100, 500, 400)
    labels = {element.label for element in canvas.elements}
    assert "Below" not in labels
    assert "Beside" in labels
    inside = [element for element in canvas.elements if element.label != "Beside"]
    assert inside
    assert all(overlap(element.box, (99, 99, 501, 401)) > 0 for element in inside)


def test_a_shading_dialog_leaves_nothing_else_to_ask_for() -> None:
    canvas = blank_canvas(640, 480)
    canvas.add("button", "Below", (5, 5, 60, 30))
    layouts._dialog(canvas, shaded=True)
    assert "Below" not in {element.label for element in canvas.elements}
    assert "below" in canvas.half_seen  # it can be seen, so it is not absent


def test_an_open_menu_has_its_entries_below_one_another() -> None:
    for seed in range(5):
        canvas = blank_canvas(640, 480, seed)
        layouts._open_menu(canvas)
        entries: list[Element] = [each for each in canvas.elements if each.role == "menu item"]
        tops = [entry.box[1] for entry in entries]
        assert len(entries) >= 3
        assert tops == sorted(set(tops))
        assert len({entry.box[0] for entry in entries}) == 1


def test_window_buttons_lie_at_the_right_end_in_order() -> None:
    canvas = blank_canvas(640, 100, seed=3)
    begin = layouts._window_buttons(canvas, 600, 10, 30)
    names = [element.label for element in canvas.elements]
    assert names == ["close", "maximise", "minimise"][: len(names)]
    assert canvas.elements[0].box[2] == 600
    assert canvas.elements[-1].box[0] == begin
