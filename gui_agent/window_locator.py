"""Locators of windows: to look in, to raise and to close."""

from __future__ import annotations

from dataclasses import dataclass, field

from gui_agent.actions.executor import perform
from gui_agent.actions.gestures import ActivateWindow, CloseWindow
from gui_agent.actions.result import ActionResult
from gui_agent.context import DesktopContext
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.locator import Locator
from gui_agent.vision.regions import Window, choose_window, facts_of
from gui_agent.vision.selector import Selector


@dataclass(frozen=True)
class WindowLocator:
    """One window of a desktop. Making one looks at nothing; each use looks anew. X11 only.

    Actions wait up to ``timeout`` seconds (the desktop's unless given) for the window, and raise:

    - `NotFound` where no window that is shown fits, `Ambiguous` where several do;
    - `ActionBlockedError` where a rule of `Safety`, or a missing consent, forbids it.

    Attributes:
        context: The desktop.
        window: What is known of it; may be given as a ``region`` as well.
    """

    context: DesktopContext = field(repr=False)
    window: Window

    def locator(self, query: str) -> Locator:
        """Makes a locator of what words name in this window; the model sees nothing else.

        Args:
            query: Such as "the Save button".

        Returns:
            The locator.

        Raises:
            InputError: The query is not text.
        """
        return Locator(self.context, Selector(query, self.window))

    get_by = locator

    def title(self) -> str:
        """Looks once, and gives the title; dots where a secret was typed into the window."""
        return self.context.guard.title_of(self._find())

    def bounding_box(self) -> Area:
        """Looks once, and says where the content is, without the title bar.

        Returns:
            The area in input points.

        Raises:
            NotFound: No window that is shown fits.
            Ambiguous: Several do.
        """
        return self._find().area

    def activate(self, *, timeout: float | None = None) -> ActionResult:
        """Raises it and gives it the keyboard.

        Args:
            timeout: Seconds to wait for it.

        Returns:
            Whether the screen changed.

        Raises:
            TimeoutError: It does not get the keyboard, which a dialog of it may hold.
        """
        gestures = [ActivateWindow(self.window)]
        return perform(self.context, "activate", [], gestures, facts_of(self.window), timeout=timeout)

    def close(self, *, timeout: float | None = None) -> ActionResult:
        """Asks its program to close it; that may ask back first. For the rules it counts as Alt+F4.

        Args:
            timeout: Seconds to wait for it.

        Returns:
            Whether the screen changed.
        """
        gestures = [CloseWindow(self.window)]
        return perform(self.context, "close", [], gestures, facts_of(self.window), timeout=timeout)

    def _find(self) -> WindowInfo:
        backend = self.context.backend
        return choose_window(
            self.window, backend.windows(), backend.focused(), self.context.guard.tellable_title
        )
