"""The desktop of this session, worked by words: locators, keys and screenshots."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gui_agent.actions.executor import perform
from gui_agent.actions.gestures import PressKeys, Scroll, TypeText
from gui_agent.actions.result import ActionResult
from gui_agent.assertions import Expectation
from gui_agent.clock import Clock, require_seconds
from gui_agent.context import DesktopContext
from gui_agent.errors import DesktopError, NotFound, TimeoutError
from gui_agent.input.backend import InputBackend
from gui_agent.input.keystrokes import split_chord
from gui_agent.input.pyautogui_backend import PyAutoGuiBackend
from gui_agent.locator import Locator, selector_of, typed_arguments
from gui_agent.mouse import Mouse
from gui_agent.recording.trace import Trace
from gui_agent.safety.guard import Guard
from gui_agent.safety.policy import Safety
from gui_agent.safety.redaction import Secrets
from gui_agent.vision.capture import Screen
from gui_agent.vision.configured_model import ConfiguredModel
from gui_agent.vision.grounder import GroundingModel, Match
from gui_agent.vision.regions import MOST_MONITORS, InWindow, Monitor, Region, Window, region_of
from gui_agent.vision.screenshot import Screenshot
from gui_agent.vision.selector import Selector
from gui_agent.vision.snapshot import Snapshot
from gui_agent.vision.sources import MODEL, check_sources, make_grounder, with_reader
from gui_agent.window_locator import WindowLocator
from molmo_act.errors import InputError
from molmo_act.model_options import ModelOptions
from molmo_act.validation import check_int, check_kind, check_path

if TYPE_CHECKING:
    from typing_extensions import Self

MOST_TURNS = 10_000
MOST_STILL_TURNS = 2  # of the wheel in a row that move nothing: the end, or a program that is slow twice


class Desktop:
    """The screen, mouse and keyboard of this session, worked by words.

    Args:
        model: Has ``point(image, query) -> Points``; or `molmo_act.pointing.options.ModelOptions`, by which
            one is loaded at first use, and whose `min_score` counts where `safety` has none. The bundled one
            unless given.
        backend: Mouse, keyboard and windows; pyautogui unless given.
        monitor: What is looked at: 0 for the whole desktop, 1 and up for one monitor.
        safety: The rules that every action is held to.
        timeout: Seconds that actions and expectations wait unless they are given another timeout.
        verify_seconds: How long an action waits for a visible effect.
        refine: Whether the model looks at likely places a second time by themselves
            (`gui_agent.vision.model_grounder`).
        sources: What things are found by, some of "accessibility" (what programs tell), "text" (what is
            written) and "model"; all of them that are installed and there, unless given.
        dry_run: Find and check, but do nothing.
        record: A folder for the trace of this run (`gui_agent.recording.trace`), made if it is not there.

    Attributes:
        context: What actions need of this desktop.

    Raises:
        MissingExtraError: The packages of the extra ``gui`` are not installed, or those of a source that was
            given.
        PlatformError: There is no display that can be seen and clicked, or a source that was given is not
            there.
        InputError: The model is none, a number is out of range, or the abort key is no key of this keyboard.

    Example:
        with Desktop() as desktop:
            desktop.locator("the user name field").fill("Ünal < 3")
            desktop.locator("the Save button").click()
            expect(desktop.locator("a dialog saying the file was saved")).to_be_visible(timeout=5)
    """

    def __init__(
        self,
        model: GroundingModel | ModelOptions | None = None,
        *,
        backend: InputBackend | None = None,
        monitor: int = 0,
        safety: Safety | None = None,
        timeout: float = 5.0,
        verify_seconds: float = 1.0,
        refine: bool = False,
        sources: Sequence[str] | None = None,
        dry_run: bool = False,
        record: str | Path | None = None,
    ) -> None:
        check_int("monitor", monitor, least=0, most=MOST_MONITORS)
        if safety is not None:
            check_kind("safety", safety, Safety, "Safety(…)")
        wanted = check_sources(sources)
        if isinstance(model, ModelOptions):
            safety = _with_least_score(safety, model)
            wanted = with_reader(wanted, model.reader)
            model = ConfiguredModel(replace(model, reader=None))  # the desktop reads, once for all sources
        if model is not None and not hasattr(model, "point"):
            raise InputError(f"The model is {model!r}; expected what molmo_act.load(name_or_folder) gives.")
        check_path("record", record, none="for no record")
        if backend is not None and not hasattr(backend, "exclusive"):
            raise InputError(f"backend is {backend!r}; give an InputBackend.")
        require_seconds(timeout)
        require_seconds(verify_seconds, "verify_seconds")
        backend = PyAutoGuiBackend() if backend is None else backend
        clock = Clock()
        secrets = Secrets(backend)
        self.context = DesktopContext(
            grounder=make_grounder(wanted, model, backend, refine=refine),
            backend=backend,
            screen=Screen(backend, monitor, secrets.areas, clock),
            guard=Guard(Safety() if safety is None else safety, backend, clock, secrets),
            secrets=secrets,
            recorder=None if record is None else Trace(Path(record)),
            timeout=timeout,
            verify_seconds=verify_seconds,
            dry_run=dry_run,
            clock=clock,
        )

    def __enter__(self) -> Self:
        """Gives the desktop; leaving the block closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the desktop."""
        self.close()

    def close(self) -> None:
        """Releases a held button and closes the connection to the screen, which the next use opens again."""
        self.context.pointer.held.let_go()
        self.context.screen.close()

    @property
    def model(self) -> GroundingModel:
        """The model that finds places; the bundled one is loaded at first use where none was given.

        Raises:
            InputError: This desktop was made without one.
        """
        if (model := self.context.grounder.model) is None:
            raise InputError(f"This desktop has no model; give {MODEL!r} among its sources.")
        return model

    @property
    def backend(self) -> InputBackend:
        """Mouse, keyboard and windows."""
        return self.context.backend

    @property
    def min_score(self) -> float:
        """The least score of a match that is acted on: that of the rules, or what suits the model."""
        return self.context.min_score

    # --- looking ------------------------------------------------------------------------------------------

    def locator(self, query: str, *, region: Region | InWindow | None = None) -> Locator:
        """Makes a locator of what words name; nothing is looked at before it is used.

        Args:
            query: Such as "the Save button".
            region: Where to look: an `Area` in input points, ``desktop.window(…)`` or a `Monitor`.

        Returns:
            The locator.

        Raises:
            InputError: The query is not text, or the region is not a region.
        """
        return Locator(self.context, Selector(query, region_of(region)))

    get_by = locator

    def window(
        self,
        title: str | None = None,
        *,
        pid: int | None = None,
        wm_class: str | None = None,
        active: bool = False,
        index: int | None = None,
    ) -> WindowLocator:
        """Makes a locator of a window: to look in, also as a ``region``, to raise and to close.

        Args:
            title: The title, or a part of it that no other window has.
            pid: The process that it says it belongs to.
            wm_class: Either name of its class, such as "Firefox".
            active: Whether it must be the one that has the keyboard.
            index: Which of several that fit, 0-based in the order in which they were opened, -1 for the last.

        Returns:
            The locator; the window is looked for at each use.

        Raises:
            InputError: Nothing was given to tell it by, or something of another kind.
        """
        return WindowLocator(self.context, Window(title, pid, wm_class, active, index))

    @cached_property
    def mouse(self) -> Mouse:
        """The buttons of the mouse one by one."""
        return Mouse(self.context)

    def screen(self, number: int) -> Monitor:
        """Names one monitor, as a region to look in.

        Args:
            number: 1 and up.

        Returns:
            The region.
        """
        return Monitor(number)

    def find(self, query: str, *, region: Region | InWindow | None = None) -> Match:
        """Finds where something is now: ``locator(query).find()``.

        Args:
            query: Such as "the Save button".
            region: Where to look; all of the screen that is looked at unless given.

        Returns:
            Where it is.

        Raises:
            NotFound: Nothing matches.
            Ambiguous: Several things match about equally well.
            ActionBlockedError: The screen is locked.
            QueryError: The query is empty or too long.
        """
        return self.locator(query, region=region).find()

    def expect(self, target: str | Locator) -> Expectation:
        """Says what should become visible, or hidden, soon; the methods of the result wait for it.

        Args:
            target: Words or a locator.

        Returns:
            The expectation.

        Raises:
            InputError: The words are not text.
        """
        return Expectation(self.context, selector_of(target))

    def screenshot(self, path: str | Path | None = None) -> Screenshot:
        """Captures what is on the screen now.

        Args:
            path: Also writes the image there; the ending chooses the format.

        Returns:
            The screenshot.

        Raises:
            InputError: The file cannot be written, or there is no such monitor.
            PlatformError: The screen cannot be captured.
        """
        check_path("path", path, none="for no file")
        shot = self.context.screen.screenshot()
        if path is not None:
            shot.save(path)
        return shot

    def snapshot(self) -> Snapshot:
        """Captures this moment of the screen, about which the model can be asked.

        Returns:
            The snapshot; its ``ground`` finds what a query names.

        Raises:
            ActionBlockedError: The screen is locked.
            PlatformError: The screen cannot be captured.
        """
        return self.context.current_snapshot()

    # --- acting -------------------------------------------------------------------------------------------

    def click(self, query: str, *, timeout: float | None = None) -> ActionResult:
        """Clicks what words name: ``locator(query).click()``.

        Args:
            query: Such as "the Save button".
            timeout: Seconds to wait for it; the desktop's unless given.

        Returns:
            Where it was clicked, and whether the screen changed.

        Raises:
            DesktopError: It was not clicked; see `Locator`.
            QueryError: The query is empty or too long.
        """
        return self.locator(query).click(timeout=timeout)

    def type(self, text: str, *, secret: bool = False) -> ActionResult:
        """Types a text into what has the keyboard focus; each character arrives, or an error says so.

        Line breaks and tabs are the keys Enter and Tab.

        Args:
            text: Not empty.
            secret: Keeps the text out of results, records and images; see `forget_secrets`.

        Returns:
            Whether the screen changed.

        Raises:
            InputError: The text is empty or holds a character that cannot be typed; nothing was typed.
            PlatformError: The clipboard is needed and xclip is missing; nothing was typed.
            TypingError: The focused application did not take a pasted piece.
            ActionBlockedError: The fail-safe is held, or a rule of `Safety` forbids it.
        """
        self.backend.require_typable(text, secret=secret)
        arguments = typed_arguments(text, secret)
        return perform(self.context, "type", [], [TypeText(text, secret)], arguments, secret=secret)

    def press(self, chord: str) -> ActionResult:
        """Presses keys together.

        Args:
            chord: Such as "ctrl+s" or "enter"; see `gui_agent.input.key_names`.

        Returns:
            Whether the screen changed.

        Raises:
            InputError: There is no such key; nothing was pressed.
            ActionBlockedError: The fail-safe is held, or a rule of `Safety` forbids it.
        """
        keys = split_chord(chord)
        self.backend.require_keys(*keys)
        return perform(self.context, "press", [], [PressKeys(keys)], {"chord": chord})

    def scroll(self, down: int = 3, right: int = 0) -> ActionResult:
        """Turns the wheel where the pointer is.

        Args:
            down: Notches; negative ones are up.
            right: Notches; negative ones are left.

        Returns:
            Whether the screen changed.

        Raises:
            ActionBlockedError: The fail-safe is held, or a rule of `Safety` forbids it.
        """
        return perform(self.context, "scroll", [], [Scroll(down, right)], {"down": down, "right": right})

    def scroll_until(
        self, target: str | Locator, *, over: str | Locator | None = None, down: int = 3, most: int = 50
    ) -> Match:
        """Turns the wheel until something is visible.

        Args:
            target: What to look for.
            over: What to turn the wheel over; where the pointer is, unless given.
            down: Notches a time; negative ones are up.
            most: Times.

        Returns:
            Where it is.

        Raises:
            NotFound: Nothing moves any more, or that many times did not bring it.
            ActionBlockedError: See `Locator`.
        """
        check_int("most", most, least=0, most=MOST_TURNS)
        wanted = selector_of(target)
        below = None if over is None else Locator(self.context, selector_of(over))
        selectors = [wanted] if below is None else [wanted, below.selector]
        with self.context.step("scroll_until", selectors, {"down": down, "most": most}) as finish:
            turned: list[ActionResult] = []
            try:
                match = self._scroll_until(wanted, below, down, most, turned)
            except DesktopError as error:
                if not turned:
                    raise
                raise error.after(f"{len(turned)} turns of the wheel by {down}") from error
            finish(match)
        return match

    def _scroll_until(
        self, wanted: Selector, over: Locator | None, down: int, most: int, done: list[ActionResult]
    ) -> Match:
        still = 0
        for turns in range(most + 1):
            with suppress(TimeoutError):
                return Expectation(self.context, wanted).to_be_visible(timeout=0)
            if turns == most:
                break
            turned = self.scroll(down) if over is None else over.scroll(down)
            if not turned.dry_run:
                done.append(turned)
            still = still + 1 if turned.effect == "unchanged" else 0
            if still == MOST_STILL_TURNS or turned.dry_run:
                raise NotFound(
                    f"{wanted.query!r} did not come into view, and the screen does not scroll further."
                )
        raise NotFound(f"{wanted.query!r} did not come into view within {most} turns of the wheel.")

    def forget_secrets(self) -> None:
        """Shows windows in images again in which a secret was typed.

        They are black until they close, since the text may show anywhere in them later: call this when it no
        longer does.
        """
        self.context.secrets.forget()

    def resume(self) -> None:
        """Lets actions happen again after the abort key has stopped them."""
        self.context.guard.resume()


def _with_least_score(safety: Safety | None, options: ModelOptions) -> Safety | None:
    """The rules, with the least score of the options where they have none; 0 leaves it to the model."""
    if not options.min_score or (safety is not None and safety.min_score is not None):
        return safety
    return replace(Safety() if safety is None else safety, min_score=options.min_score)
