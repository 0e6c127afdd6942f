"""A desktop worked by words: locators, keys, pictures; knows no capture library and no kind of model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import molmo_act
from gui_agent.acting import perform
from gui_agent.backends import InputBackend, PyAutoGuiBackend
from gui_agent.capture import Capture
from gui_agent.errors import NotFound
from gui_agent.expectation import Expectation
from gui_agent.eye import Eye, Found, PointingModel
from gui_agent.keystrokes import split_chord
from gui_agent.locator import Locator
from gui_agent.regions import Monitor, Region, Window
from gui_agent.results import ActionResult
from gui_agent.safety import Guard, Safety
from gui_agent.scene import Scene
from gui_agent.screen import Screenshot
from molmo_act.errors import InputError


class Desktop:
    """The screen, mouse and keyboard of this session, worked by words.

    Args:
        model: Has ``point(image, query) -> Points``; ``molmo_act.load()`` at first use unless given.
        backend: Mouse, keyboard and windows; pyautogui unless given.
        monitor: What is looked at: 0 for the whole desktop, 1 and up for one monitor.
        safety: What may be done.
        timeout: Seconds that acts and expectations wait unless they are told otherwise.
        verify_seconds: How long an act waits for a visible effect.
        refine: Whether likely places are looked at a second time by themselves (`gui_agent.eye`).
        dry_run: Find and check, but do nothing.

    Raises:
        MissingExtraError: The packages of the extra ``gui`` are not installed.
        PlatformError: There is no display that can be seen and clicked.
        InputError: A number is out of range, or the abort key is no key of this keyboard.

    Example:
        desk = Desktop()
        desk.locator("the user name field").fill("Ünal < 3")
        desk.locator("the Save button").click()
        desk.expect("a dialog saying the file was saved").to_appear(timeout=5)
    """

    def __init__(
        self,
        model: PointingModel | None = None,
        *,
        backend: InputBackend | None = None,
        monitor: int = 0,
        safety: Safety | None = None,
        timeout: float = 5.0,
        verify_seconds: float = 1.0,
        refine: bool = False,
        dry_run: bool = False,
    ) -> None:
        if not (timeout >= 0 and verify_seconds >= 0):
            raise InputError(
                f"timeout={timeout}, verify_seconds={verify_seconds}: give seconds, not below 0."
            )
        self.monitor = monitor
        self.timeout = timeout
        self.verify_seconds = verify_seconds
        self.refine = refine
        self.dry_run = dry_run
        self.backend = PyAutoGuiBackend() if backend is None else backend
        self.guard = Guard(Safety() if safety is None else safety, self.backend)
        self._given_model = model

    @cached_property
    def model(self) -> PointingModel:
        """The model that finds places; the bundled one is loaded at first use."""
        return molmo_act.load() if self._given_model is None else self._given_model

    @property
    def eye(self) -> Eye:
        """The model and how it looks."""
        return Eye(self.model, self.refine)

    # --- looking ------------------------------------------------------------------------------------------

    def locator(self, query: str, *, region: Region | None = None) -> Locator:
        """What words name; nothing is looked at before it is used.

        Args:
            query: Such as "the Save button".
            region: Where to look: an `Area` in input points, ``desk.window(…)`` or `Monitor`.
        """
        return Locator(self, query, region)

    get_by = locator

    def window(self, title: str) -> Window:
        """The window with a title, as a region; see `Window`."""
        return Window(title)

    def screen(self, number: int) -> Monitor:
        """One monitor, 1 and up, as a region."""
        return Monitor(number)

    def find(self, query: str, *, region: Region | None = None) -> Found:
        """Where something is now: ``locator(query).find()``."""
        return self.locator(query, region=region).find()

    def expect(self, target: str | Locator) -> Expectation:
        """What should be seen, or no longer be seen, soon."""
        return Expectation(self.locator(target) if isinstance(target, str) else target)

    def screenshot(self, path: str | Path | None = None) -> Screenshot:
        """What is on the screen now.

        Args:
            path: Also writes the picture there; the ending chooses the format.
        """
        with self.capture() as capture:
            shot = capture.take(self.monitor)
        if path is not None:
            shot.save(path)
        return shot

    def capture(self) -> Capture:
        """A connection for several looks in a row; a context manager."""
        return Capture(self.backend.size())

    @contextmanager
    def scene(self) -> Iterator[Scene]:
        """This moment of the screen, to be asked about."""
        with self.capture() as capture:
            yield Scene(self.eye, capture, self.backend, self.monitor)

    # --- acting -------------------------------------------------------------------------------------------

    def click(self, query: str, *, timeout: float | None = None) -> ActionResult:
        """Clicks what words name: ``locator(query).click()``."""
        return self.locator(query).click(timeout=timeout)

    def type(self, text: str, *, secret: bool = False) -> ActionResult:
        """Types a text into what has the keyboard focus; each character arrives, or an error says so.

        Line breaks and tabs are the keys Enter and Tab.

        Args:
            text: Not empty.
            secret: Keeps the text out of results, records and pictures.

        Raises:
            InputError: The text is empty or holds a character that cannot be typed; nothing was typed.
            PlatformError: The clipboard is needed and xclip is missing; nothing was typed.
            NotTyped: The focused application did not take a pasted piece.
            Refused: The fail-safe is held, or a rule of `Safety` is against it.
        """
        self.backend.require_typable(text)
        detail = "•••" if secret else text
        return self.act("type", [], lambda: self.backend.type(text), detail=detail, secret=secret)

    def press(self, chord: str) -> ActionResult:
        """Presses keys together.

        Args:
            chord: Such as "ctrl+s" or "enter"; names as pyautogui has them.

        Raises:
            InputError: There is no such key; nothing was pressed.
            Refused: The fail-safe is held, or a rule of `Safety` is against it.
        """
        keys = split_chord(chord)
        self.backend.require_keys(*keys)
        return self.act("press", [], lambda: self.backend.press(*keys), detail=chord)

    def scroll_until(
        self, query: str, *, over: Locator | None = None, down: int = 3, most: int = 50
    ) -> Found:
        """Turns the wheel until what words name is there.

        Args:
            query: What to look for.
            over: What to turn the wheel over; where the pointer is, unless given.
            down: Notches a time; negative ones are up.
            most: Times.

        Returns:
            Where it is.

        Raises:
            NotFound: Nothing moves any more, or that many times did not bring it.
            Refused: See `Locator`.
        """
        for _ in range(most):
            try:
                return self.expect(query).to_appear(timeout=0)
            except TimeoutError:
                pass
            if over is not None:
                turned = over.scroll(down)
            else:
                turned = self.act("scroll", [], lambda: self.backend.scroll(down), detail=f"down {down}")
            if turned.effect == "unchanged" or turned.dry_run:
                raise NotFound(f"{query!r} did not come into view, and the screen does not scroll further.")
        raise NotFound(f"{query!r} did not come into view within {most} turns of the wheel.")

    def act(
        self,
        action: str,
        locators: Sequence[Locator],
        do: Callable[..., None] | None,
        *,
        timeout: float | None = None,
        detail: str = "",
        secret: bool = False,
    ) -> ActionResult:
        """Does one act of one's own making, with all that belongs to it: waiting, checks, effect, records.

        Args:
            action: Its name.
            locators: What to act on; the pointer goes to the first.
            do: Does it, given the places found, once the pointer is there; None where that is all.
            timeout: Seconds to wait for the places; the desktop's unless given.
            detail: What is done, for records.
            secret: Whether what it shows must stay out of pictures.
        """
        timeout = self.timeout if timeout is None else timeout
        return perform(self, action, locators, do, timeout, detail)

    def resume(self) -> None:
        """Lets acts happen again after the abort key has stopped them."""
        self.guard.resume()
