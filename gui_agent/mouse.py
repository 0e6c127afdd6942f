"""The buttons of the mouse one by one, for gestures that no action has."""

from __future__ import annotations

from gui_agent.actions.executor import perform
from gui_agent.actions.gestures import HoldButton, ReleaseButton
from gui_agent.actions.result import ActionResult
from gui_agent.context import DesktopContext
from gui_agent.input.backend import require_button
from molmo_act.errors import InputError


class Mouse:
    """Presses and releases the buttons of the mouse at what was acted on last, mostly by ``hover``.

    While a button is held only ``hover`` and `up` may follow. It is released where it was pressed when an
    action fails meanwhile, and when the desktop is closed or the program ends, also by a signal.

    Args:
        context: The desktop.

    Example:
        desktop.locator("the first dot").hover()
        desktop.mouse.down()
        desktop.locator("the second dot").hover()
        desktop.locator("the third dot").hover()
        desktop.mouse.up()
    """

    def __init__(self, context: DesktopContext) -> None:
        self._context = context

    def down(self, button: str = "left") -> ActionResult:
        """Presses a button, which stays down.

        Args:
            button: "left", "middle" or "right".

        Returns:
            Whether the screen changed.

        Raises:
            InputError: There is no such button, one is held already, or nothing was hovered before.
            ActionBlockedError: A rule, the fail-safe, or what has come to the place is against it.
        """
        require_button(button)
        pointer, is_dry = self._context.pointer, self._context.dry_run
        if pointer.held.name is not None:
            raise InputError(f"The {pointer.held.name} button is held down already; call mouse.up() first.")
        if pointer.aim is None and not is_dry:
            raise InputError("mouse.down() presses what was hovered last, and nothing was: hover first.")
        pointer.held.arm()
        try:
            return perform(self._context, "mouse_down", [], [HoldButton(button)], {"button": button})
        finally:
            if pointer.held.name is None:
                pointer.held.disarm()

    def up(self) -> ActionResult:
        """Releases the button that `down` has pressed.

        Returns:
            Whether the screen changed.

        Raises:
            InputError: None is held.
            ActionBlockedError: A rule, the fail-safe, or what has come to the place is against it; the button
                was released where it had been pressed.
        """
        if self._context.pointer.held.name is None and not self._context.dry_run:
            raise InputError("mouse.up() releases what mouse.down() has pressed, and no button is held.")
        return perform(self._context, "mouse_up", [], [ReleaseButton()], {})
