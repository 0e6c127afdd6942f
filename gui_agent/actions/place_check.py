"""What is checked at a place just before and just after a press, so that no other window gets it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gui_agent.actions.dragged import is_dragged_icon, window_to_drop_on
from gui_agent.context import Aim, DesktopContext
from gui_agent.errors import ActionBlockedError
from gui_agent.input.x11.windows import Pointed, WindowInfo


class Disturbed(ActionBlockedError):
    """What is at the place is no longer what was found there; nothing has been pressed yet."""


class PlaceCheck:
    """Checks of places on one desktop.

    Args:
        context: The desktop.
    """

    def __init__(self, context: DesktopContext) -> None:
        self._backend, self._guard = context.backend, context.guard

    def require_aimed(self, aim: Aim, dragged: Aim | None = None) -> None:
        """Checks that the pointer is on a place, and moves it there again where it is not.

        Args:
            aim: The place.
            dragged: Where a drag began that may end there; None where nothing is dragged.

        Raises:
            Disturbed: The pointer does not stay there, or another window, or somebody holds something.
            ActionBlockedError: A rule or the fail-safe is against it.
        """
        found = self._backend.pointed(aim.window)
        if found.point != aim.point:
            self._backend.move(*aim.point)
            found = self._backend.pointed(aim.window)
            if found.point != aim.point:
                raise Disturbed(
                    f"The pointer was sent to {aim.point} but is at {found.point}. Something else moves or "
                    "confines it."
                )
        if dragged is None:
            require_free(found)
        window = found.window
        if is_dragged_icon(window, dragged) and not _same_place(window, aim.window):
            window = window_to_drop_on(self._backend, aim.point, dragged)
        if not _same_place(window, aim.window):
            now = "no window" if window is None else self._guard.named(window)
            raise Disturbed(f"{aim.query!r} was found at {aim.point}, but {now} has come to that place.")
        self._guard.require_place(aim.point, window)

    @contextmanager
    def require_received(self, aim: Aim) -> Iterator[None]:
        """Checks that no other program's window can have got a press of the block.

        A window manager that holds a press back passes it on to whatever is topmost at the place then.
        Nothing can shut other programs out for so long; what is known afterwards is whether one came there.

        Args:
            aim: The place.

        Yields:
            Nothing.

        Raises:
            ActionBlockedError: One came there.
        """
        with self._backend.watching(aim.point, aim.window) as came:
            yield
            intruders = list(came())
        now, then = self._backend.window_at(*aim.point), aim.window
        if now is not None and then is not None and now.id != then.id and now.client != then.client:
            frame = self._backend.surfaces().get(then.frame)
            is_managers = now.is_popup and frame is not None and now.client == frame.client
            if frame is not None and not is_managers:  # it has not closed and shown what was below
                intruders.append(now)
        if intruders:
            last = intruders[-1]
            who = "a window that is gone again" if last is None else self._guard.named(last)
            raise ActionBlockedError(
                f"While {aim.query!r} was pressed at {aim.point}, {who} came to that place and may have got "
                "the press."
            )

    def require_passed_on(self, aim: Aim) -> None:
        """Waits for a while until no window manager holds a click back any more.

        Args:
            aim: The place that was clicked.

        Raises:
            ActionBlockedError: One still does, or somebody holds a button.
        """
        if not self._backend.wait_until_passed_on():
            raise ActionBlockedError(
                f"{aim.query!r} was pressed at {aim.point}, but a button still counts as down. Somebody "
                "holds one, or the window manager holds the click back, and another window may have got the "
                "press."
            )

    def require_pointer(self) -> None:
        """Checks the place where the pointer is.

        Raises:
            Disturbed: Somebody holds a key or a button.
            ActionBlockedError: A rule or the fail-safe is against it.
        """
        found = self._backend.pointed()
        require_free(found)
        self._guard.require_place(found.point, found.window)


def require_free(found: Pointed) -> None:
    """Checks that nobody holds what would change the meaning of a press.

    Args:
        found: The pointer, and what is held.

    Raises:
        Disturbed: Somebody holds a button or a modifier.
    """
    if found.is_pressed:
        raise Disturbed("Somebody holds a button of the mouse down.")
    if found.held:
        raise Disturbed(f"Somebody holds {' and '.join(found.held)} down.")


def _same_place(now: WindowInfo | None, then: WindowInfo | None) -> bool:
    """Whether it is the same window, where it was; its title may have changed."""
    if now is None or then is None:
        return now is then
    return now.id == then.id and now.area == then.area
