"""Which window a title names."""

from __future__ import annotations

import pytest

from gui_agent.errors import Ambiguous, NotFound
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.regions import Monitor, Region, Window, choose_window, facts_of, region_of

WINDOWS = [
    WindowInfo(number, title, Area(0, 0, 9, 9), None)
    for number, title in enumerate(["Files", "Files – Downloads", "Straße", ""])
]
TITLES = [
    ("Files", 0),  # exactly, though another contains it
    ("fILES", 0),  # upper and lower case are the same
    ("downloads", 1),  # a part
    ("STRASSE", 2),  # in other languages, too
]


@pytest.mark.parametrize(("title", "number"), TITLES)
def test_the_window_of_a_title(title, number) -> None:
    assert choose_window(Window(title), WINDOWS).id == number


def test_no_window_of_a_title() -> None:
    with pytest.raises(NotFound, match="No window titled 'Mail' is on the screen; those that are: 'F"):
        choose_window(Window("Mail"), WINDOWS)
    with pytest.raises(NotFound, match="those that are: none"):
        choose_window(Window("Mail"), [])


def test_several_windows_of_a_title() -> None:
    with pytest.raises(Ambiguous, match="2 windows titled 'file' are on the screen: 'Files', 'Files –"):
        choose_window(Window("file"), WINDOWS)
    with pytest.raises(Ambiguous, match="2 windows titled 'Files' are on the screen"):
        choose_window(Window("Files"), [WINDOWS[0], WINDOWS[0]])


def test_what_is_a_region() -> None:
    assert all(isinstance(one, Region) for one in (Area(0, 0, 1, 1), Monitor(1), Window("Files")))
    assert not isinstance("Files", Region)


def window(number: int, title: str = "Doc", **facts) -> WindowInfo:
    return WindowInfo(number, title, Area(0, 0, 9, 9), **{"pid": None} | facts)


FACTS = [  # the lowest first, opened in another order
    window(1, pid=7, wm_class=("editor", "Editor"), order=2),
    window(2, pid=7, wm_class=("editor", "Editor"), order=0),
    window(3, "Page", pid=8, wm_class=("navigator", "Firefox"), order=1),
]
TOLD = [
    (Window(pid=8), 3),
    (Window(wm_class="firefox"), 3),  # either name, in any case
    (Window(wm_class="Navigator"), 3),
    (Window(active=True), 2),
    (Window("doc", active=True), 2),
    (Window(index=0), 2),  # the oldest, wherever it is now
    (Window(index=-1), 1),
    (Window("doc", pid=7, index=1), 1),
]


@pytest.mark.parametrize(("wanted", "number"), TOLD)
def test_windows_by_what_is_known_of_them(wanted, number) -> None:
    assert choose_window(wanted, FACTS, FACTS[1]).id == number
    assert Window(**facts_of(wanted)) == wanted


def test_windows_that_are_not_there() -> None:
    for wanted in (Window(pid=9), Window(wm_class="edit"), Window("page", pid=7), Window("doc", index=2)):
        with pytest.raises(NotFound):
            choose_window(wanted, FACTS, FACTS[1])
    with pytest.raises(NotFound, match="No window with the keyboard is on the screen"):
        choose_window(Window(active=True), FACTS)
    with pytest.raises(Ambiguous, match="2 windows of class 'Editor' are on the screen"):
        choose_window(Window(wm_class="Editor"), FACTS)


def test_what_stands_for_a_region() -> None:
    class Handle:
        window = Window("Files")

    assert region_of(Handle()) == Window("Files")
    for one in (Area(0, 0, 1, 1), Monitor(1), Window("Files"), None):
        assert region_of(one) is one
