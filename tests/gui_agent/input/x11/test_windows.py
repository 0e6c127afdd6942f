"""What a window manager says of real windows."""

from __future__ import annotations

import subprocess
import time

import pytest

from gui_agent.geometry import Area
from tests.support.windows import focus

pytestmark = pytest.mark.display

RED = "#e01020"


def xdotool(*words: str) -> None:
    subprocess.run(["xdotool", *words], check=True)


@pytest.fixture
def pads(open_pads):
    """Two windows that overlap, the second on top, and its pad."""
    low = open_pads(f"toggle:Low={RED}", "--title", "Löw", "--geometry", "300x120+80+80")
    high = open_pads(f"toggle:High={RED}", "--title", "High", "--geometry", "300x120+280+150")
    xdotool("search", "--name", "^High$", "windowactivate", "--sync")
    return low, high


def test_windows_are_listed_from_the_lowest_up(pads, desktop) -> None:
    low, high = desktop.backend.windows()
    assert (low.title, high.title) == ("Löw", "High")
    assert low.id != high.id
    assert low.pid is None  # Tk does not say which process it is
    left, top, width, height = pads[1].boxes["High"]
    assert high.area.width == 300
    assert high.area.height == 120
    assert high.area.shared_with(Area(left, top, width, height)) == Area(left, top, width, height)


def test_what_a_window_says_of_its_kind(open_pads, desktop) -> None:
    open_pads(f"dead:Pad={RED}", "--title", "Bar")
    [bar] = desktop.backend.windows()
    assert not bar.is_panel
    kind = ("_NET_WM_WINDOW_TYPE", "_NET_WM_WINDOW_TYPE_DOCK")
    subprocess.run(["xprop", "-id", str(bar.id), "-f", kind[0], "32a", "-set", *kind], check=True)
    [bar] = desktop.backend.windows()
    assert bar.is_panel


def test_a_title_that_nobody_could_read(open_pads, desktop) -> None:
    open_pads(f"dead:Pad={RED}", "--title", "begin " + "x" * 20_000 + " end")
    [window] = desktop.backend.windows()
    assert window.title.startswith("begin x")
    assert window.title.endswith("x end")
    assert len(window.title) < 5_000


def test_the_topmost_window_at_a_place(pads, desktop) -> None:
    low, high = desktop.backend.windows()
    shared = low.area.shared_with(high.area)
    assert desktop.backend.window_at(*map(int, shared.middle)) == high
    assert desktop.backend.window_at(int(low.area.left) + 5, int(low.area.top) + 5) == low
    assert desktop.backend.window_at(5, 790) is None  # the bare desktop
    xdotool("windowactivate", "--sync", str(low.id))
    assert desktop.backend.window_at(*map(int, shared.middle)).title == "Löw"


def test_the_window_that_has_the_keyboard(pads, desktop) -> None:
    assert desktop.backend.focused().title == "High"
    focus(desktop, pads[0].boxes["Low"])
    assert desktop.backend.focused().title == "Löw"


def test_windows_that_are_hidden_are_left_out(pads, desktop) -> None:
    low, _ = desktop.backend.windows()
    xdotool("windowminimize", str(low.id))
    deadline = time.monotonic() + 60
    while len(desktop.backend.windows()) > 1:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert [window.title for window in desktop.backend.windows()] == ["High"]
