"""A desktop worked by words: locators, keys, pictures; knows no capture library and no kind of model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import molmo_act
from gui_agent.acting import perform
from gui_agent.aiming import require_seconds
from gui_agent.backends import InputBackend, PyAutoGuiBackend
from gui_agent.capture import Capture
from gui_agent.errors import NotFound, Timeout
from gui_agent.expectation import Expectation
from gui_agent.eye import Eye, Found, PointingModel
from gui_agent.keystrokes import split_chord
from gui_agent.locator import Locator, typed_arguments
from gui_agent.regions import Monitor, Region, Window
from gui_agent.results import ActionResult
from gui_agent.safety import Guard, Safety
from gui_agent.scene import Scene
from gui_agent.screen import Screenshot
from gui_agent.screen_connection import ScreenConnection
from gui_agent.secret_windows import Secrets
from gui_agent.trajectory import Trajectory
from molmo_act.errors import InputError

Outcome = TypeVar("Outcome", ActionResult, Found)

STILL_TURNS = 2  # of the wheel in a row that move nothing: the end, or a program that is slow twice


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
        record: A folder for the record of this run (`gui_agent.trajectory`), made if it is not there.

    Raises:
        MissingExtraError: The packages of the extra ``gui`` are not installed.
        PlatformError: There is no display that can be seen and clicked.
        InputError: The model is none, a number is out of range, or the abort key is no key of this keyboard.

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
        record: str | Path | None = None,
    ) -> None:
        if model is not None and not hasattr(model, "point"):
            raise InputError(f"The model is {model!r}; expected what molmo_act.load(name_or_folder) gives.")
        self.monitor = monitor
        self.timeout = require_seconds(timeout)
        self.verify_seconds = require_seconds(verify_seconds, "verify_seconds")
        self.refine = refine
        self.dry_run = dry_run
        self.backend = PyAutoGuiBackend() if backend is None else backend
        self.guard = Guard(Safety() if safety is None else safety, self.backend)
        self._connection = ScreenConnection()
        self._secrets = Secrets(self.backend)
        self._given_model = model
        self.trajectory = None if record is None else Trajectory(Path(record))

    @cached_property
    def model(self) -> PointingModel:
        """The model that finds places; the bundled one is loaded at first use."""
        return molmo_act.load() if self._given_model is None else self._given_model

    @property
    def min_score(self) -> float:
        """The least score of a place that is acted on: that of the rules, or what suits the model."""
        return self.guard.min_score(calibrated=getattr(self.model, "calibrated", False))

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

    def named(self, target: str | Locator) -> Locator:
        """A locator of words, or the locator that was given."""
        return target if isinstance(target, Locator) else self.locator(target)

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
        return Expectation(self.named(target))

    def screenshot(self, path: str | Path | None = None) -> Screenshot:
        """What is on the screen now.

        Args:
            path: Also writes the picture there; the ending chooses the format.
        """
        shot = self.capture().take(self.monitor)
        if path is not None:
            shot.save(path)
        return shot

    def capture(self) -> Capture:
        """For several looks in a row."""
        return Capture(self._connection, self.backend.size(), self._secrets.areas)

    def scene(self) -> Scene:
        """This moment of the screen, to be asked about.

        Raises:
            Refused: The screen is locked.
        """
        self.guard.require_unlocked()
        return Scene(self.eye, self.capture(), self.backend, self.monitor)

    # --- acting -------------------------------------------------------------------------------------------

    def click(self, query: str, *, timeout: float | None = None) -> ActionResult:
        """Clicks what words name: ``locator(query).click()``."""
        return self.locator(query).click(timeout=timeout)

    def type(self, text: str, *, secret: bool = False) -> ActionResult:
        """Types a text into what has the keyboard focus; each character arrives, or an error says so.

        Line breaks and tabs are the keys Enter and Tab.

        Args:
            text: Not empty.
            secret: Keeps the text out of results, records and pictures; see `forget_secrets`.

        Raises:
            InputError: The text is empty or holds a character that cannot be typed; nothing was typed.
            PlatformError: The clipboard is needed and xclip is missing; nothing was typed.
            NotTyped: The focused application did not take a pasted piece.
            Refused: The fail-safe is held, or a rule of `Safety` is against it.
        """
        self.backend.require_typable(text)
        arguments = typed_arguments(text, secret)
        return self.act("type", [], lambda: self.backend.type(text), arguments, secret=secret)

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
        return self.act("press", [], lambda: self.backend.press(*keys), {"chord": chord})

    def scroll(self, down: int = 3, right: int = 0) -> ActionResult:
        """Turns the wheel where the pointer is.

        Args:
            down: Notches; negative ones are up.
            right: Notches; negative ones are left.
        """
        arguments = {"down": down, "right": right}
        return self.act("scroll", [], lambda: self.backend.scroll(down, right), arguments)

    def scroll_until(
        self, target: str | Locator, *, over: str | Locator | None = None, down: int = 3, most: int = 50
    ) -> Found:
        """Turns the wheel until what words name is there.

        Args:
            target: What to look for.
            over: What to turn the wheel over; where the pointer is, unless given.
            down: Notches a time; negative ones are up.
            most: Times.

        Returns:
            Where it is.

        Raises:
            NotFound: Nothing moves any more, or that many times did not bring it.
            Refused: See `Locator`.
        """
        wanted = self.named(target)
        below = None if over is None else self.named(over)
        arguments = {"down": down, "most": most}
        locators = [wanted] if below is None else [wanted, below]
        return self.step(
            "scroll_until", locators, arguments, lambda: self._scroll_until(wanted, below, down, most)
        )

    def _scroll_until(self, wanted: Locator, over: Locator | None, down: int, most: int) -> Found:
        still = 0
        for turns in range(most + 1):
            with suppress(Timeout):
                return self.expect(wanted).to_appear(timeout=0)
            if turns == most:
                break
            turned = self.scroll(down) if over is None else over.scroll(down)
            still = still + 1 if turned.effect == "unchanged" else 0
            if still == STILL_TURNS or turned.dry_run:
                raise NotFound(
                    f"{wanted.query!r} did not come into view, and the screen does not scroll further."
                )
        raise NotFound(f"{wanted.query!r} did not come into view within {most} turns of the wheel.")

    def act(
        self,
        action: str,
        locators: Sequence[Locator],
        do: Callable[..., None] | None,
        arguments: Mapping[str, Any],
        *,
        timeout: float | None = None,
        secret: bool = False,
    ) -> ActionResult:
        """Does one act of one's own making, with all that belongs to it: waiting, checks, effect, record.

        Args:
            action: Its name.
            locators: What to act on; the pointer goes to the first.
            do: Does it, given the places found, once the pointer is there; None where that is all.
            arguments: What it is told, by name, as plain values for the record.
            timeout: Seconds to wait for the places; the desktop's unless given.
            secret: Whether the window it happens in is to be black in pictures from now on.
        """
        seconds = self.timeout if timeout is None else require_seconds(timeout)
        told = arguments if timeout is None else {**arguments, "timeout": timeout}
        secrets = self._secrets if secret else None
        return self.step(
            action, locators, told, lambda: perform(self, action, locators, do, seconds, told, secrets)
        )

    def step(
        self,
        action: str,
        locators: Sequence[Locator],
        arguments: Mapping[str, Any],
        call: Callable[[], Outcome],
    ) -> Outcome:
        """Calls something that is a step of a run, and records it if this desktop records and no step is on.

        Args:
            action: Its name.
            locators: What it is about.
            arguments: What it is told, as plain values.
            call: Does it.
        """
        if self.trajectory is None:
            return call()
        return self.trajectory.follow(self, action, locators, arguments, call)

    def forget_secrets(self) -> None:
        """Shows windows in pictures again in which a secret was typed.

        They are black until they close, since a text may show anywhere in them later: say so when none does
        any more.
        """
        self._secrets.forget()

    def resume(self) -> None:
        """Lets acts happen again after the abort key has stopped them."""
        self.guard.resume()
