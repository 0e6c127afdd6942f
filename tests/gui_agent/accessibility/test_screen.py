"""Which widgets of a screen can be pointed at; a program that lies, one that hangs, a bus that goes."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from gui_agent import Desktop
from gui_agent.accessibility import screen as screen_module
from gui_agent.accessibility import tree as tree_module
from gui_agent.accessibility.bus import AccessibilityBus
from gui_agent.accessibility.screen import AccessibleScreen, innermost_at, open_accessible_screen
from gui_agent.accessibility.widget import Widget
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from molmo_act.errors import PlatformError
from tests.gui_agent.programs import LAUNCHER, gtk_session
from tests.support.accessible_programs import Part, accessible_programs
from tests.support.fake_desktop import FakeBackend

SAVE = Part("push button", "Save", (20, 20, 40, 20))
TRUE = Part("frame", "Notes", (0, 0, 100, 100), (SAVE,))
LYING = Part("frame", "Liar", (0, 0, 50, 50), (Part("push button", "Pay", (20, 20, 40, 20)),))


@pytest.fixture
def backend():
    made = FakeBackend()
    made.shown = [
        WindowInfo(1, "Notes", Area(0, 0, 100, 100), os.getpid()),
        WindowInfo(2, "Liar", Area(200, 100, 50, 50), os.getpid() + 1),
    ]
    return made


def test_what_is_used_and_what_is_not(backend, monkeypatch) -> None:
    monkeypatch.setattr(tree_module, "FIRST_SECONDS", 0.3)
    with accessible_programs(editor=(TRUE,), liar=(LYING,), hung=()) as address:
        screen = AccessibleScreen(backend, AccessibilityBus(address))
        told = screen.read()
        assert [one.name for one in told.widgets] == ["Save"]
        assert [title for title, _ in told.doubted] == ["Liar"]
        assert told.silent == 1
        assert told.covers(50, 50)
        assert not told.covers(210, 110)
        [(tree, window)] = told.trees
        [save] = tree.widgets
        assert screen.is_topmost(save, tree, window)
        assert screen.at(30, 30).name == "Save"
        assert screen.is_where_it_was(save)
        SAVE.box = (25, 60, 40, 20)
        try:
            assert not screen.is_where_it_was(save)
        finally:
            SAVE.box = (20, 20, 40, 20)
        backend.shown.append(WindowInfo(3, "Over it", Area(10, 10, 60, 60), 9))
        assert not screen.is_topmost(save, tree, window)
        assert screen.at(30, 30) is None
    assert screen.read().widgets == []  # the bus has gone
    assert not screen.is_where_it_was(save)


def test_without_windows_nothing_is_told(backend) -> None:
    backend.shown = None
    with accessible_programs(editor=(TRUE,)) as address:
        assert AccessibleScreen(backend, AccessibilityBus(address)).read().trees == ()


def test_without_a_bus(backend, monkeypatch) -> None:
    for name in ("AT_SPI_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(PlatformError, match="There is no accessibility bus on this display"):
        open_accessible_screen(backend)
    monkeypatch.setattr(screen_module.sys, "platform", "win32")
    with pytest.raises(PlatformError, match="on Linux only"):
        open_accessible_screen(backend)


def test_the_innermost_widget() -> None:
    page, panel = Area(0, 0, 100, 100), Area(0, 0, 20, 20)
    button = Widget("push button", "Go", page, shown=page)
    filler = Widget("filler", "", panel, shown=panel)
    assert innermost_at([button, filler], 5, 5) is button, "what holds nothing else is no thing to name"
    assert innermost_at([filler], 5, 5) is filler
    assert innermost_at([button, filler], 200, 5) is None


@pytest.mark.display
@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="AT-SPI is of Linux")
def test_a_real_program(display, tmp_path) -> None:
    pytest.importorskip("jeepney", reason="needs the extra accessibility")
    if not (shutil.which("galculator") and LAUNCHER.exists() and shutil.which("dbus-daemon")):
        pytest.skip("needs galculator and accessibility: apt install galculator at-spi2-core dbus-x11")
    with gtk_session(tmp_path) as session, session.running("galculator"):
        left, top, width, height = session.select(role="toggle button", name="7")[0]["box"]
        desktop = Desktop(sources=["accessibility"])
        seven = desktop.locator("the 7 button").find()
        assert Area(left, top, width, height).covers(*seven.point)
        assert seven.points.source == ("accessibility",)
        assert desktop.locator("the square root button").find().score > 0.6
        assert not desktop.locator("the Save button").is_visible()
        desktop.locator("the 7 button").click()
        desktop.locator("the 8 button").click()
        assert session.select(app="galculator", role="text", text="78")
        widget = desktop.context.grounder.accessibility.screen.at(left + width // 2, top + height // 2)
        assert (widget.role, widget.name) == ("toggle button", "7")


def test_what_other_windows_of_its_program_cover(backend) -> None:
    """A dialog or a menu over a button is not the button; the items of the menu are the menu's."""
    item = Part("menu item", "Copy", (20, 30, 40, 20))
    menu = Part("menu", "Edit", (0, 0, 40, 20), (item,))
    frame = Part("frame", "Notes", (0, 0, 100, 100), (SAVE, menu))
    dialog = Part("dialog", "About", (10, 10, 60, 60), (Part("push button", "Close", (12, 12, 58, 58)),))
    notes, over = backend.shown[0], Area(10, 10, 60, 60)
    with accessible_programs(editor=(frame, dialog)) as address:
        screen = AccessibleScreen(backend, AccessibilityBus(address))
        backend.shown = [notes, WindowInfo(3, "About", over, os.getpid())]
        by_name = {
            one.name: (one, tree, window) for tree, window in screen.read().trees for one in tree.widgets
        }
        assert not screen.is_topmost(*by_name["Save"])
        assert not screen.is_topmost(*by_name["Copy"])
        assert screen.is_topmost(*by_name["Close"])
        assert screen.at(30, 30).name == "Close"
        menu_area = Area(10, 10, 70, 75)
        backend.shown = [notes, WindowInfo(3, "menu", menu_area, os.getpid(), is_popup=True)]
        told = screen.read()
        by_name = {one.name: (one, tree, window) for tree, window in told.trees for one in tree.widgets}
        assert not screen.is_topmost(*by_name["Save"])
        assert screen.is_topmost(*by_name["Copy"])
        assert told.at(30, 35).name == "Copy"
        assert told.at(21, 22) is None, "Save lies below the menu"
