"""Which windows come over a place, also for a moment."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gui_agent.geometry import Area

pytest.importorskip("Xlib", reason="needs pip install 'molmo_act[gui]'")
from Xlib import X

from gui_agent.input.x11.place_watch import windows_over
from tests.gui_agent.x_client import Popup
from tests.support.windows import middle

PLACE = 50, 50
OWN, LOW, OTHER = 10, 11, 12
HERE, AWAY = (0, 0, 100, 100), (200, 200, 100, 100)


def event(kind: int, number: int, *box: int, above: int = 0, **fields) -> SimpleNamespace:
    lower = SimpleNamespace(id=above) if above else 0
    shape = dict(zip(("x", "y", "width", "height"), box, strict=False)) | {"border_width": 0}
    window = SimpleNamespace(id=number)
    return SimpleNamespace(type=kind, window=window, above_sibling=lower, send_event=0, **shape, **fields)


def configured(*box: int, above: int = OWN) -> SimpleNamespace:
    return event(X.ConfigureNotify, OTHER, *box, above=above)


MAPPED, UNMAPPED = event(X.MapNotify, OTHER), event(X.UnmapNotify, OTHER)
CASES = {
    "nothing": ([], []),
    "a popup that goes again": ([configured(*HERE), MAPPED, UNMAPPED], [OTHER]),
    "a new one": ([event(X.CreateNotify, OTHER, *HERE), MAPPED, event(X.UnmapNotify, OTHER)], [OTHER]),
    "a new one that stays hidden": ([event(X.CreateNotify, OTHER, *HERE)], []),
    "a popup elsewhere": ([configured(*AWAY), MAPPED, UNMAPPED], []),
    "one that moves here and on": ([configured(*HERE), configured(*AWAY), UNMAPPED], [OTHER]),
    "one that moves elsewhere": ([configured(*AWAY, above=LOW), configured(*AWAY), UNMAPPED], []),
    "one below that moves here": ([configured(*HERE, above=LOW), UNMAPPED], []),
    "one below that is raised": (
        [configured(*HERE, above=LOW), configured(*HERE), configured(*HERE, above=LOW), UNMAPPED],
        [OTHER],
    ),
    "one that moves while it is hidden": ([UNMAPPED, configured(*HERE)], []),
    "one whose first place is not known": ([MAPPED, configured(*AWAY), UNMAPPED], [OTHER]),
    "the window itself": ([event(X.ConfigureNotify, OWN, *HERE, above=LOW)], []),
    "what another program only claims": (
        [SimpleNamespace(**{**vars(configured(*HERE)), "send_event": 1}), MAPPED, UNMAPPED],
        [],
    ),
    "one that a frame is put around": (
        [MAPPED, event(X.ReparentNotify, OTHER, parent=7, event=1), UNMAPPED],
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_lay_over_a_place(name) -> None:
    events, found = CASES[name]
    now = (False, Area(*AWAY))  # what does not move is elsewhere
    assert windows_over(PLACE, OWN, [LOW, OWN, OTHER], events, lambda number: now) == found


def test_a_window_that_was_not_moved_is_where_it_is_now() -> None:
    for place, found in ((HERE, [OTHER]), (AWAY, [])):
        now = (True, Area(*place))
        assert windows_over(PLACE, OWN, [LOW, OWN, OTHER], [MAPPED], lambda number, now=now: now) == found


@pytest.mark.display
def test_windows_of_other_programs_are_told(open_pads, desktop, display) -> None:
    point = middle(open_pads("dead:Pad=#e01020", "--title", "Mine"), "Pad")
    mine = desktop.backend.window_at(*point)
    with Popup(display) as popup:
        with desktop.backend.watching(point, mine) as came:
            popup.show(point)
            popup.hide()
            assert came() == [None]
        with desktop.backend.watching(point, mine) as came:
            popup.show(point)
            [shown] = came()
            assert shown.title == "Popup"
        with desktop.backend.watching((5, 5), mine) as came:
            popup.hide()
            popup.show(point)
            assert came() == []
        with desktop.backend.watching(point, desktop.backend.window_at(*point)) as came:
            popup.hide()  # the program that is there itself
            popup.show(point)
            assert came() == []
    with desktop.backend.watching(point, None) as came:
        assert list(came()) == []
