"""Finding by what programs tell, on top of everything else, asked once a look."""

from __future__ import annotations

from gui_agent.accessibility.widget import WidgetTree
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.accessibility_grounder import AccessibilityGrounder
from tests.support.told_screen import ToldScreen, shot, widget

SAVE = widget("push button", "Save", 20, 20, 40, 20)
OPEN = widget("push button", "Open", 80, 20, 40, 20)
ROWS = [widget("table cell", "Total", 20, 60 + 30 * n, 40, 20) for n in range(3)]


def points(screen: ToldScreen, query: str) -> list[tuple[int, int]]:
    return [match.point for match in AccessibilityGrounder(screen).ground(shot(), query).likely]


def test_the_widget_with_the_name() -> None:
    screen = ToldScreen(SAVE, OPEN, *ROWS)
    grounder = AccessibilityGrounder(screen)
    matches = grounder.ground(shot(), "the Save button")
    [found] = matches.all
    assert (found.point, matches.points.source) == ((40, 30), ("accessibility",))
    assert [(one.source, one.label, one.widget) for one in found.evidence] == [
        ("accessibility", "Save", SAVE)
    ]
    assert matches.points.absent < 0.05
    nothing = grounder.ground(shot(), "the Print button")
    assert (nothing.all, nothing.points.absent) == ([], 1.0)
    assert screen.reads == 1, "the screen looked the same"
    grounder.ground(shot(seed=5), "the Save button")
    assert screen.reads == 2


def test_several_and_one_of_them() -> None:
    screen = ToldScreen(*ROWS)
    assert points(screen, "Total") == [(40, 70), (40, 100), (40, 130)]
    assert points(screen, "'Total' in the second row") == [(40, 100)]
    assert points(screen, "the last Total") == [(40, 130)]
    assert points(screen, "the fourth Total") == []


def test_what_cannot_be_seen_is_not_meant() -> None:
    screen = ToldScreen(SAVE, widget("push button", "Off", 900, 20, 40, 20), widget("push button", "Flat"))
    screen.covered = {"Save"}
    for query in ("the Save button", "the Off button", "the Flat button"):
        assert points(screen, query) == []


def test_an_item_and_the_label_in_it_are_one_thing() -> None:
    inner = widget("label", "Save", 25, 22, 30, 16)
    assert points(ToldScreen(inner, SAVE), "the Save button") == [(40, 30)]


def test_a_dialog_that_waits_comes_before_its_window() -> None:
    screen = ToldScreen(SAVE)
    dialog = widget("dialog", "Save as", 100, 100, 200, 100, states=frozenset({"modal"}))
    inner = widget("push button", "Save", 240, 170, 40, 20)
    screen.more = [(WidgetTree(dialog, (inner,), 42), WindowInfo(2, "Save as", Area(100, 100, 200, 100), 42))]
    assert points(screen, "the Save button") == [(260, 180)]


def test_in_a_part_of_the_screen() -> None:
    grounder = AccessibilityGrounder(ToldScreen(SAVE, OPEN))
    part = shot().crop(Area(70, 10, 100, 100))
    [found] = grounder.ground(part, "the Open button").all
    assert (found.point, found.pixel) == ((100, 30), (30, 20))
    assert grounder.ground(part, "the Save button").all == []
