"""Another program on the display of the tests, in this process: a popup, and what holds clicks back."""

from __future__ import annotations

import threading
import time
import warnings
from typing import Any


def connect(display: str) -> Any:
    """A connection of its own to the server, an Xlib ``Display``; close it."""
    from Xlib.display import Display

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it leaves its access file open
        return Display(display)


class Popup:
    """A window past the window manager that comes and goes when it is told.

    Args:
        display: Name of the display.
    """

    def __init__(self, display: str) -> None:
        from Xlib import X

        self.x = connect(display)
        self._window = self.x.screen().root.create_window(
            *(0, 0, 40, 30, 0, X.CopyFromParent),
            override_redirect=True,
            background_pixel=0xFEFE01,
            event_mask=X.ButtonPressMask,
        )
        self._window.set_wm_name("Popup")

    def __enter__(self) -> Popup:
        return self

    def __exit__(self, *_: object) -> None:
        self.x.close()

    def show(self, point: tuple[int, int]) -> None:
        """Comes over a place, above all others."""
        from Xlib import X

        self._window.configure(x=point[0] - 20, y=point[1] - 15, stack_mode=X.Above)
        self._window.map()
        self.x.sync()

    def hide(self) -> None:
        """Goes."""
        self._window.unmap()
        self.x.sync()


class BackHolder(Popup):
    """Holds back the next press of the left button, as window managers do, and lets its popup get it.

    Args:
        display: Name of the display.
        point: Where the popup comes for that moment.
        seconds: For how long the press is held back.

    Attributes:
        got: How many presses the popup has received.
    """

    def __init__(self, display: str, point: tuple[int, int], seconds: float = 0.0) -> None:
        from Xlib import X

        super().__init__(display)
        self._point, self._seconds, self.got = point, seconds, 0
        self._root = self.x.screen().root
        modes = X.GrabModeSync, X.GrabModeAsync
        self._root.grab_button(1, X.AnyModifier, True, X.ButtonPressMask, *modes, X.NONE, X.NONE)
        self.x.sync()
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Waits until the popup has received the press and is gone."""
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _pass_on(self) -> None:
        from Xlib import X

        self._wait_for_press()
        time.sleep(self._seconds)
        self.x.grab_server()  # nobody sees the popup: it is gone when anybody can look again
        self.show(self._point)
        self._root.ungrab_button(1, X.AnyModifier)
        self.x.allow_events(X.ReplayPointer, X.CurrentTime)
        self.hide()
        self.x.ungrab_server()
        self.x.flush()
        self._wait_for_press()
        self.got += 1

    def _wait_for_press(self) -> None:
        from Xlib import X

        while self.x.next_event().type != X.ButtonPress:
            pass
