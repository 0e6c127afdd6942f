"""A window manager raises and closes windows when it is asked to."""

from __future__ import annotations

import time
import warnings
from contextlib import closing

import pytest

from gui_agent.errors import ActionBlockedError

pytestmark = pytest.mark.display

RED = "#e01020"


def wait_for(condition) -> bool:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_windows_are_raised_and_closed(open_pads, desktop) -> None:
    for title in ("Older", "Newer"):
        open_pads(f"dead:Pad={RED}", "--title", title)
    backend = desktop.backend
    assert wait_for(lambda: [one.title for one in backend.windows()] == ["Older", "Newer"])
    older, newer = backend.windows()
    assert (older.order, newer.order) == (0, 1)
    assert older.wm_class == ("tk", "Tk")
    backend.activate_window(older)
    assert wait_for(lambda: (now := backend.focused()) and now.id == older.id)
    assert [one.order for one in backend.windows()] == [1, 0]  # raised, and as old as before
    backend.close_window(older)
    assert wait_for(lambda: [one.title for one in backend.windows()] == ["Newer"])


def test_a_window_that_cannot_be_asked_to_close_is_not_killed(desktop, display) -> None:
    from Xlib import Xatom
    from Xlib.display import Display

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it leaves its access file open
        program = Display(display)
    with closing(program):
        screen = program.screen()
        window = screen.root.create_window(50, 50, 200, 100, 0, screen.root_depth)
        window.change_property(Xatom.WM_NAME, Xatom.STRING, 8, b"Old program")
        window.map()
        program.sync()
        backend = desktop.backend
        assert wait_for(lambda: [one.title for one in backend.windows()] == ["Old program"])
        with pytest.raises(ActionBlockedError, match="WM_DELETE_WINDOW"):
            backend.close_window(backend.windows()[0])
        time.sleep(0.2)
        program.sync()  # its connection is alive
        assert [one.title for one in backend.windows()] == ["Old program"]


def test_the_window_below_another_one(open_pads, desktop) -> None:
    for title in ("Low", "High"):
        open_pads(f"dead:Pad={RED}", "--title", title, "--geometry", "300x200+100+100")
    backend = desktop.backend
    assert wait_for(lambda: [one.title for one in backend.windows()] == ["Low", "High"])
    low, high = backend.windows()
    assert backend.window_at(200, 200).id == high.id
    assert backend.window_at(200, 200, below=high).id == low.id
    assert backend.window_at(200, 200, below=low) is None
