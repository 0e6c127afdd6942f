"""Which match a selector means on a snapshot."""

from __future__ import annotations

import pytest

from gui_agent.errors import Ambiguous, NotFound
from gui_agent.geometry import Area
from gui_agent.vision.regions import Monitor
from gui_agent.vision.selector import LAST, Selector
from molmo_act.errors import InputError
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import fake_context


class WeakFirst(BlobFinder):
    """Scores the first place lower than a user accepts."""

    def places(self, pixels, query):
        return [
            (place, 0.2 if number == 0 else 0.9)
            for number, (place, _) in enumerate(super().places(pixels, query))
        ]


RED, GREEN = "#e01020", "#10a040"
RED_POINTS = [(40, 30), (220, 30), (40, 210)]


@pytest.fixture
def snapshot():
    """Three red rectangles, and a green one near the last."""
    context = fake_context()
    for x, y in RED_POINTS:
        context.screen.paint(RED, x - 20, y - 10)
    context.screen.paint(GREEN, 100, 200)
    return context.current_snapshot()


def test_the_only_one(snapshot) -> None:
    assert Selector(GREEN).choose(snapshot, 0.1).point == (120, 210)


def test_one_of_several_must_be_named(snapshot) -> None:
    with pytest.raises(
        Ambiguous, match=r"matches 3 things about equally well: number 0 at \(40, 30\) scores"
    ) as raised:
        Selector(RED).choose(snapshot, 0.1)
    assert [match.point for match in raised.value.candidates] == RED_POINTS


CHOSEN = [
    (Selector(RED).nth(1), (220, 30)),
    (Selector(RED).nth(LAST), (40, 210)),
    (Selector(RED).near(Selector(GREEN)), (40, 210)),
    (Selector(RED).near(Selector(RED).nth(1)), (220, 30)),
    (Selector(RED).inside(Area(160, 0, 160, 100)), (220, 30)),
    (Selector(RED, Area(0, 120, 160, 120)).near(Selector(GREEN)), (40, 210)),
]


@pytest.mark.parametrize(("selector", "point"), CHOSEN)
def test_ways_to_say_which(snapshot, selector, point) -> None:
    assert selector.choose(snapshot, 0.1).point == point


def test_fewer_than_asked_for(snapshot) -> None:
    with pytest.raises(NotFound, match=r"number 3, counted from 0, but 3 match: number 0 at \(40, 30\)"):
        Selector(RED).nth(3).choose(snapshot, 0.1)
    with pytest.raises(NotFound, match="but 0 match: nothing"):
        Selector(RED).nth(0).choose(snapshot, 0.95)
    with pytest.raises(NotFound, match="Nothing on the screen matches '#fefe01'"):
        Selector("#fefe01").choose(snapshot, 0.1)


def test_scores_that_are_too_low_are_no_rivals(snapshot) -> None:
    assert Selector(RED).choose(snapshot, 0.95).point in RED_POINTS  # for the caller to refuse
    assert Selector(RED).near(Selector(GREEN)).choose(snapshot, 0.95).point == (40, 210)


def test_all_of_them(snapshot) -> None:
    assert [match.point for match in Selector(RED).choose_all(snapshot, 0.1)] == RED_POINTS
    assert Selector(RED).choose_all(snapshot, 0.95) == []
    assert Selector("#fefe01").choose_all(snapshot, 0.0) == []


@pytest.mark.parametrize(("selector", "point"), CHOSEN)
def test_all_that_a_choice_may_mean_is_one(snapshot, selector, point) -> None:
    assert [match.point for match in selector.choose_all(snapshot, 0.1)] == [point]


def test_a_choice_of_nothing_is_none(snapshot) -> None:
    assert Selector(RED).nth(3).choose_all(snapshot, 0.1) == []
    assert Selector(RED).near(Selector("#fefe01")).choose_all(snapshot, 0.1) == []
    assert Selector("#fefe01").nth(LAST).choose_all(snapshot, 0.1) == []


def test_places_that_score_too_little_do_not_count() -> None:
    """The position of a candidate is the index that chooses it, whatever else the model points at."""
    context = fake_context(WeakFirst())
    for x in (40, 120, 200):
        context.screen.paint(RED, x, 20, 20)
    snapshot = context.current_snapshot()
    places = [match.point for match in Selector(RED).choose_all(snapshot, 0.5)]
    with pytest.raises(
        Ambiguous, match=r"number 0 at \(130, 30\) scores .*, number 1 at \(210, 30\)"
    ) as raised:
        Selector(RED).choose(snapshot, 0.5)
    assert [match.point for match in raised.value.candidates] == places == [(130, 30), (210, 30)]
    for index, point in enumerate(places):
        assert Selector(RED).nth(index).choose(snapshot, 0.5).point == point


def test_a_choice_replaces_the_one_before() -> None:
    nth = Selector(RED).near(Selector(GREEN)).nth(2)
    assert (nth.index, nth.neighbor) == (2, None)
    near = nth.near(Selector(GREEN))
    assert (near.index, near.neighbor) == (None, Selector(GREEN))
    assert near.inside(Monitor(1)) == Selector(RED, Monitor(1), neighbor=Selector(GREEN))


def test_what_is_no_selector() -> None:
    with pytest.raises(InputError, match="The query is 5"):
        Selector(5)
    with pytest.raises(InputError, match="The region is 'Files'; expected Area"):
        Selector(RED, "Files")
    for index in (-2, 0.0, "0", True, None):
        with pytest.raises(InputError, match="indices start at 0"):
            Selector(RED).nth(index)


def test_many_candidates_are_listed_in_part() -> None:
    context = fake_context()
    for x in range(0, 280, 40):
        context.screen.paint(RED, x, 20, 20)
    with pytest.raises(Ambiguous, match=r"matches 7 things.*: (number \d at \(\d+, 30\) scores 0\.90, ){5}…"):
        Selector(RED).choose(context.current_snapshot(), 0.1)


def test_filters_leave_out_what_lies_elsewhere(snapshot) -> None:
    top = Selector(RED).filter(within=Area(0, 0, 320, 100))
    assert [match.point for match in top.choose_all(snapshot, 0.5)] == RED_POINTS[:2]
    assert top.nth(LAST).choose(snapshot, 0.5).point == RED_POINTS[1]
    assert top.filter(within=Area(200, 0, 100, 100)).choose(snapshot, 0.5).point == RED_POINTS[1]
    with pytest.raises(NotFound):
        Selector(GREEN).filter(within=Area(0, 0, 50, 50)).choose(snapshot, 0.5)
    assert snapshot.ground(RED).points.query == RED  # the model was asked about all of the screen


def test_filters_by_text_become_words() -> None:
    row = Selector("the row").filter("Alice", "paid")
    assert row.query == 'the row with the text "Alice" without the text "paid"'
    assert row.within is None
