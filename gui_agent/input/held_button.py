"""A mouse button that stays down from one action to another, and is let go however the program ends."""

from __future__ import annotations

import atexit
import threading
from contextlib import ExitStack, suppress

from gui_agent.errors import DesktopError
from gui_agent.input.backend import InputBackend
from molmo_act.signals import ending_in_order


class HeldButton:
    """The button that is held down between actions, if one is.

    A signal that asks the program to end becomes an exception for as long as one is held, so that the button
    is released at the latest when the interpreter ends.

    Args:
        backend: Presses and releases it.

    Attributes:
        name: "left", "middle" or "right"; None where none is held.
        start: Where it was pressed, in input points.
    """

    def __init__(self, backend: InputBackend) -> None:
        self._backend = backend
        self._ending = ExitStack()
        self._thread = 0  # which watches for signals
        self.name: str | None = None
        self.start = (0, 0)

    def arm(self) -> None:
        """Lets no signal end the program abruptly until the button is released; call it before `press`."""
        self._ending.enter_context(ending_in_order(unwinds=False))
        self._thread = threading.get_ident()
        atexit.register(self.let_go)

    def disarm(self) -> None:
        """Ends what `arm` began."""
        atexit.unregister(self.let_go)
        if self._thread == threading.get_ident():  # no other one can give signals back
            self._ending.close()

    def press(self, button: str, point: tuple[int, int]) -> None:
        """Presses a button, which stays down.

        Args:
            button: One of `gui_agent.input.backend.BUTTONS`.
            point: Where, in input points.
        """
        self.name, self.start = button, point
        self._backend.button_down(button, point)

    def release(self, point: tuple[int, int]) -> None:
        """Releases the button.

        Args:
            point: Where, in input points.
        """
        assert self.name is not None
        self._backend.button_up(self.name, point)
        self.name = None
        self.disarm()

    def let_go(self) -> bool:
        """Releases a button that is held, where it was pressed: a drag ends there without dropping anything.

        Returns:
            Whether one was held.
        """
        if self.name is None:
            return False
        name, self.name = self.name, None
        try:
            with suppress(DesktopError):  # the fail-safe holds the pointer; the button must not stay down
                self._backend.move(*self.start)
        finally:
            self._backend.button_up(name)
            self.disarm()
        return True
