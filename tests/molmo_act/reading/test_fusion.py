"""Points of a model and written labels become one list with sources and probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.outputs.points import Points
from molmo_act.reading.fusion import alone, fuse, looker
from molmo_act.reading.icons.seen_icons import SeenIcons
from molmo_act.reading.matching import TextIndex
from molmo_act.reading.scoring import weights_for
from molmo_act.reading.text import ReadText, TextLine, Word
from molmo_act.request import Bounds
from tests.support.form_screen import draw_form
from tests.support.icon_screen import draw_icons
from tests.support.written_screen import read_line, read_text

TEXT = TextIndex(
    read_text(read_line("Save", 100, 100), read_line("Cancel", 100, 200), read_line("Email", 100, 300))
)
NANO = weights_for("nano")


def answer(query, *xy, score=0.6, absent=0.1):
    return Points(xy=xy, score=[score] * len(xy), image_size=[(640, 480)], query=query, absent=absent)


def fused(points, bounds=None, **options):
    return fuse(points, TEXT, bounds or Bounds(), weights=options.pop("weights", NANO), **options)


def test_the_written_label_wins_over_a_point_elsewhere():
    found = fused(answer("the Save button", (500, 400)))
    assert (found.best.x, found.best.y, found.best.source) == (116, 108, "text")
    assert found.best.score > 0.8
    assert found.absent < 0.2


def test_agreement_is_both_and_raises_the_score():
    both = fused(answer("the Save button", (118, 109)))
    apart = fused(answer("the Save button", (500, 400)))
    assert both.source == ("both",)
    assert both.best.score > apart.best.score


def test_an_absent_label_is_absent():
    found = fused(answer("the Print button", absent=0.8))
    assert len(found) == 0
    assert found.source is None
    assert found.absent > 0.5


def test_icons_are_left_to_the_model_where_nobody_looks_at_shapes():
    found = fused(answer("the save icon", (500, 400), score=0.3, absent=0.4))
    assert (found.source, found.absent) == (("model",), pytest.approx(0.4))
    assert found.score.tolist() == [pytest.approx(0.3)]


def test_another_model_keeps_its_points_where_nothing_is_written():
    found = fused(answer("the bell button", (500, 400)), weights=weights_for("allenai/MolmoPoint-8B"))
    assert (found.best.x, found.source) == (500, ("model",))
    assert found.best.score == pytest.approx(0.6)
    written = fused(answer("the Save button", (500, 400)), weights=weights_for("allenai/MolmoPoint-8B"))
    assert written.best.source == "text"


def test_bounds_hold_for_both():
    query = answer("the Save button", (500, 400))
    assert len(fused(query, Bounds(exactly=2))) == 2
    assert len(fused(query, Bounds(exactly=2, max_points=None, min_score=0.5))) == 1
    assert len(fused(answer("Print", absent=0.9), Bounds(exactly=1))) <= 1


def test_a_field_is_looked_for_beside_its_label():
    asked = []

    def look(box, words):
        asked.append((box, words))
        return (250.0, 308.0), 0.9

    found = fused(answer("the Email field"), look=look)
    assert asked == [((100, 300, 140, 316), "the text field")]
    assert (found.best.x, found.best.y, found.best.source) == (250, 308, "both")
    unsure = fused(answer("the Email field"), look=lambda box, words: ((250.0, 308.0), 0.1))
    assert unsure.best.source == "text"


@pytest.mark.parametrize(
    ("form", "query"),
    [
        ("field right", "the Name field"),
        ("field below", "type in Name"),
        ("underlined field", "field labelled Name"),
        ("check box", "tick Name"),
        ("slider", "the Name slider"),
    ],
)
def test_a_control_is_found_by_its_outline_and_the_model_is_not_asked_again(form, query):
    image, label, (x0, y0, x1, y1) = draw_form(form)
    line = TextLine((Word("Name", label, 0.99),), label)
    text = TextIndex(ReadText((line,), (640, 480)))

    def look(box, words):
        raise AssertionError("asked")

    found = fuse(answer(query, (500, 400)), text, Bounds(), weights=NANO, image=image, look=look)
    assert x0 <= found.best.x < x1
    assert y0 <= found.best.y < y1
    assert found.best.source == "text"
    agreed = fuse(answer(query, found.xy[0]), text, Bounds(), weights=NANO, image=image)
    assert agreed.source == ("both",)
    assert agreed.best.score > found.best.score


def test_a_button_is_its_label_whatever_stands_beside_it():
    image, label, _ = draw_form("field right")
    text = TextIndex(ReadText((TextLine((Word("Name", label, 0.99),), label),), (640, 480)))
    found = fuse(answer("the Name button"), text, Bounds(), weights=NANO, image=image)
    assert (found.best.x, found.best.y) == (126, 110)


def test_looking_asks_about_a_part_in_pixels_of_the_image():
    image = np.zeros((480, 640, 3), np.uint8)

    def ask(part, words):
        return Points(xy=[(5, 6)], score=[0.5], image_size=[part.shape[1::-1]], query=words)

    look = looker(image, ask)
    assert look((100, 300, 140, 316), "the text field") == ((57, 266), 0.5)
    assert look((0, 0, 10, 10), "x") == ((5, 6), 0.5)
    assert looker(image, lambda part, words: answer(words))((0, 0, 9, 9), "x") is None


def test_nothing_read_is_the_model_alone():
    points = answer("Save", (1, 2), (3, 4))
    assert fuse(points, None, Bounds(max_points=1), weights=NANO).source == ("model",)
    assert alone(points, Bounds(min_score=0.7)).source is None


def test_places_that_a_reader_gives_outside_the_image_are_moved_into_it():
    lying = TextIndex(read_text(read_line("Save", 5000, -90)))
    found = fuse(answer("Save"), lying, Bounds(), weights=NANO)
    assert found.xy.tolist() == [[640, 0]]


ICONS = SeenIcons.look(
    draw_icons((640, 480), {(300, 50): "search", (400, 50): "close", (300, 200): "arrow-left"})
)


@pytest.mark.parametrize("model", ["nano", "allenai/MolmoPoint-8B"])
@pytest.mark.parametrize(
    ("query", "place"),
    [("the search icon", (310, 60)), ("X button", (410, 60)), ("press the left arrow icon", (310, 210))],
)
def test_an_icon_is_found_by_its_looks(query, place, model):
    found = fused(answer(query, (20, 20), score=0.2, absent=0.6), weights=weights_for(model), icons=ICONS)
    assert (found.best.x, found.best.y) == (pytest.approx(place[0], abs=2), pytest.approx(place[1], abs=2))
    assert found.best.source == "icon"
    assert found.best.score > 0.5
    assert found.absent < 0.5


def test_agreement_raises_the_score_of_an_icon():
    apart = fused(answer("the search icon", (500, 400)), icons=ICONS)
    both = fused(answer("the search icon", (312, 58)), icons=ICONS)
    assert both.best.score >= apart.best.score
    assert [point.source for point in both] == ["icon"]


def test_an_icon_that_is_not_there_is_absent():
    found = fused(answer("the printer icon", absent=0.8), icons=ICONS)
    assert len(found) == 0
    assert found.absent > 0.5


def test_what_is_written_wins_over_an_icon():
    text = TextIndex(read_text(read_line("Search", 100, 100)))
    found = fuse(answer("the Search button"), text, Bounds(), weights=NANO, icons=ICONS)
    assert found.best.source == "text"
    quoted = fuse(answer("'Close'"), text, Bounds(), weights=NANO, icons=ICONS)
    assert "icon" not in (quoted.source or ())


def test_a_sign_that_is_read_and_seen_is_one_place():
    text = TextIndex(read_text(read_line("X", 406, 52)))
    found = fuse(answer("the X button"), text, Bounds(), weights=NANO, icons=ICONS)
    assert len(found) == 1
    assert (found.best.x, found.best.y) == (pytest.approx(410, abs=2), pytest.approx(60, abs=2))


def test_bounds_hold_for_icons():
    query = answer("the search icon", (500, 400))
    assert len(fused(query, Bounds(exactly=1), icons=ICONS)) == 1
    assert len(fused(query, Bounds(min_score=0.999), icons=ICONS)) == 0


@pytest.mark.parametrize(
    ("query", "at", "is_used"),
    [
        ("the Email field", (200.0, 108.0), True),  # behind its label
        ("the Email field", (150.0, 140.0), True),  # below it
        ("the Email field", (200.0, 60.0), False),  # of the line above
        ("the Email checkbox", (90.0, 108.0), True),
        ("the Email checkbox", (150.0, 140.0), False),
    ],
)
def test_what_a_model_sees_around_a_label_must_lie_where_its_control_can(query, at, is_used):
    text = TextIndex(read_text(read_line("Email", 100, 100)))
    nothing = Points(xy=[], score=[], image_size=[(640, 480)], query=query, absent=0.5)
    found = fuse(nothing, text, Bounds(), weights=weights_for("other"), look=lambda box, words: (at, 0.9))
    assert ((found.best.x, found.best.y) == at) is is_used
    label = fuse(nothing, text, Bounds(), weights=weights_for("other"))
    assert found.best.score <= label.best.score
