"""Records what a user does until told to stop, and names what was acted on while the user goes on."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

from gui_agent.accessibility.screen import AccessibleScreen, open_accessible_screen
from gui_agent.accessibility.widget import Widget
from gui_agent.codegen.acts import BUTTONS, WHEEL, Act, ActReader, moves_focus
from gui_agent.codegen.script import line_of
from gui_agent.codegen.words import Look, words_for
from gui_agent.desktop import Desktop
from gui_agent.errors import DesktopError
from gui_agent.input.x11.input_recorder import InputEvent, InputRecorder
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.regions import Window, choose_window
from gui_agent.vision.screenshot import Screenshot
from molmo_act.errors import MolmoActError, PlatformError

LOOK_SECONDS = 0.05
"""Between captures: what was on the screen before an act must have been seen."""
REACTION_SECONDS = 0.01
"""A program may have reacted to an event this long before it was heard of here."""


@dataclass(frozen=True)
class _Heard:
    """An act, and what was on the screen at its places."""

    act: Act
    looks: tuple[Look, ...]
    is_secret: bool


class Recorder:
    """Records acts on a desktop. Acts in the terminal that this runs in are left out.

    Args:
        desktop: Where; its model is asked for words, and it does nothing.
        words: To try as names, besides what programs say and what most programs have.
        hide_texts: Whether no typed text is written down.
        say: Is told each line of the script as soon as its words are known, typed texts as dots.

    Raises:
        PlatformError: The display does not tell what mouse and keyboard do.
    """

    def __init__(
        self,
        desktop: Desktop,
        *,
        words: Sequence[str] = (),
        hide_texts: bool = False,
        say: Callable[[str], object] = lambda line: None,
    ) -> None:
        self._desktop, self._words, self._hide_texts, self._say = desktop, words, hide_texts, say
        self._own = int(os.environ.get("WINDOWID") or 0)
        self._input = InputRecorder()
        self._widgets = _accessible(desktop)
        self._capture = desktop.context.screen.capture()
        self._reader = ActReader()
        self._shots: deque[Screenshot] = deque([self._capture.take()], maxlen=4)
        self._looks: dict[float, Look | None] = {}  # by when the button went down; None in the own window
        self._is_secret = False
        self._typing_in: int | None = None  # the window that had the keyboard at the last key
        self._lines: list[str] = []
        self._heard: SimpleQueue[_Heard | None] = SimpleQueue()
        self._hurries = threading.Event()
        self._namer = threading.Thread(target=self._name_all, name="namer", daemon=True)
        self._namer.start()

    def record(self, is_over: Callable[[], bool]) -> None:
        """Records until it is over, or until Ctrl+C.

        Args:
            is_over: Asked at least every `LOOK_SECONDS`.

        Raises:
            KeyboardInterrupt: Somebody pressed Ctrl+C; what was recorded is kept.
            PlatformError: The screen cannot be captured any more.
        """
        while not is_over():
            self._shots.append(self._capture.take())
            with suppress(Empty):
                event = self._input.events.get(timeout=LOOK_SECONDS)
                while True:
                    self._take(event)
                    event = self._input.events.get_nowait()
            self._tell(self._reader.rest(time.monotonic()))

    def stop(self, *, was_interrupted: bool = False) -> None:
        """Stops listening; `lines` then waits for the model only.

        Args:
            was_interrupted: Whether a last Ctrl+C is no act but what ended this.
        """
        with suppress(Empty, PlatformError):  # the display may be gone; what was done before counts
            while True:
                self._take(self._input.events.get_nowait())
        with suppress(PlatformError):
            self._tell(
                [act for act in self._reader.close() if not (was_interrupted and act.text == "ctrl+c")]
            )
        self._heard.put(None)
        self._input.close()
        if self._widgets is not None:
            self._widgets.close()

    def lines(self) -> list[str]:
        """Waits until the model was asked about every place.

        Returns:
            The lines of the script; after an interrupt, what has no words yet says so.
        """
        try:
            while self._namer.is_alive():
                self._namer.join(0.2)
        except KeyboardInterrupt:
            self.hurry()
            self._namer.join()
        return self._lines

    def hurry(self) -> None:
        """Lets the model not be asked about anything more, so that `lines` comes soon."""
        self._hurries.set()

    # --- listening ----------------------------------------------------------------------------------------

    def _take(self, event: InputEvent) -> None:
        if event.kind == "press" and (event.button in BUTTONS or event.button in WHEEL):
            self._looks[event.time] = self._look(event.point, self._shot_before(event.time))
        elif event.kind == "key":
            focused = self._desktop.backend.focused()
            if focused is not None and focused.id == self._own:
                return
            self._note_keyboard(None if focused is None else focused.id)
        self._tell(self._reader.take(event))

    def _note_keyboard(self, window: int | None) -> None:
        """Takes what is typed for a secret where another window has the keyboard than before."""
        if self._typing_in is not None and window != self._typing_in:
            self._is_secret = True
        self._typing_in = window

    def _shot_before(self, moment: float) -> Screenshot:
        earlier = [shot for shot in self._shots if shot.time < moment - REACTION_SECONDS]
        return earlier[-1] if earlier else self._shots[0]

    def _look(self, point: tuple[int, int], shot: Screenshot) -> Look | None:
        """What is at a place; None in the terminal that this runs in."""
        window = self._desktop.backend.window_at(*point)
        if window is not None and window.id == self._own:
            return None
        widget = None if self._widgets is None else self._widgets.at(*point)
        look = Look(shot, point, widget=widget)
        named = None if window is None or window.is_popup else self._named(window)
        return look if window is None or named is None else replace(look, window=named, area=window.area)

    def _named(self, window: WindowInfo) -> Window | None:
        """What tells this window from all others now."""
        facts = [Window(window.title)] if window.title else []
        facts += [Window(wm_class=name) for name in window.wm_class[-1:]]
        for one in facts:
            with suppress(DesktopError, PlatformError):
                if choose_window(one, self._desktop.backend.windows()).id == window.id:
                    return one
        return None

    def _tell(self, acts: Sequence[Act]) -> None:
        for act in acts:
            looks: tuple[Look, ...] = ()
            if act.kind in ("click", "drag", "scroll"):
                first = self._looks.get(act.time)
                self._looks = {time: look for time, look in self._looks.items() if time > act.time}
                last = None if first is None or act.kind != "drag" else self._look(act.end, first.shot)
                if first is None or (act.kind == "drag" and last is None):
                    continue
                looks = (first,) if last is None else (first, last)
                self._note_field(act, first.widget)
            elif act.kind == "press" and moves_focus(act):
                self._is_secret = True  # into which field is not known
            self._heard.put(_Heard(act, looks, self._hide_texts or self._is_secret))

    def _note_field(self, act: Act, widget: Widget | None) -> None:
        """Takes what is typed for a secret in a field of that kind, until a click in another one."""
        is_secret_field = widget is not None and widget.is_secret
        if act.kind == "click":
            self._is_secret, self._typing_in = is_secret_field, None
        elif is_secret_field:
            self._is_secret = True

    # --- naming, in a thread of its own -------------------------------------------------------------------

    def _name_all(self) -> None:
        while (heard := self._heard.get()) is not None:
            words = [self._words_for(look) for look in heard.looks]
            line = line_of(heard.act, heard.looks, words, is_secret=heard.is_secret)
            self._lines.append(line)
            self._say("desktop.type(•••)" if heard.act.kind == "type" else line)

    def _words_for(self, look: Look) -> str | None:
        context = self._desktop.context
        try:
            return words_for(
                look,
                context.grounder.of_pixels(),
                context.min_score,
                self._words,
                lambda: not self._hurries.is_set(),
            )
        except Exception as error:  # whatever the model fails with, what the user did is not lost
            self._say(f"# the model failed: {type(error).__name__}: {error}")
            return None


def _accessible(desktop: Desktop) -> AccessibleScreen | None:
    """What asks programs of their widgets; None where none can be asked: nothing is known of them then."""
    try:
        return open_accessible_screen(desktop.backend)
    except MolmoActError:
        return None
