"""What an agent may do: the rules, and their defaults."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gui_agent.geometry import Area
from gui_agent.safety.chords import require_rule
from gui_agent.safety.destructive import DESTRUCTIVE_KEYS, DESTRUCTIVE_WORDS
from gui_agent.safety.patterns import has_words
from molmo_act.errors import InputError
from molmo_act.validation import check_bool, check_kind

SURE_ENOUGH = 0.6
"""Of calibrated scores. On drawn screens this keeps 0.98 of nano's right points and drops 0.30 of its wrong
ones (`python -m model.evaluation.score_thresholds --queries 200`)."""
RAW_ENOUGH = 0.1
"""Of scores that multiply three choices: a place that the model is sure of can score well below one half."""
STRINGS = (
    *("allow_windows", "deny_windows", "allow_words", "deny_words", "destructive_words"),
    *("allow_keys", "deny_keys", "destructive_keys"),
)


@dataclass(frozen=True)
class Safety:
    """Rules for acting; the defaults are meant for a real desktop.

    Titles, words and keys are compared in a form in which invisible characters and kinds of spaces make no
    difference; where something is forbidden, letters that look alike make none either.

    Attributes:
        min_score: A place that scores less is not acted on. None for what suits the model: `SURE_ENOUGH` if
            its scores are calibrated, else `RAW_ENOUGH`.
        allow_windows: Titles, with ``*`` and ``?``; actions elsewhere are refused. Empty: any window. Menus
            and dialogs count as the window that they belong to. X11 only.
        deny_windows: Titles, with ``*`` and ``?``, of windows that are left alone with their menus and
            dialogs. X11 only.
        allow_areas: Actions on places outside all of them are refused, and keys where the window that has the
            keyboard lies outside. Empty: anywhere.
        deny_areas: Places in them are left alone, and keys where the window that has the keyboard reaches
            into them.
        allow_words: A locator must contain one of these words or phrases. Empty: any locator.
        deny_words: A locator that contains one of these words or phrases is refused, also in what it is
            ``near`` or in the title of its window. A word that ends in ``*`` stands for all that begin so.
        destructive_words: A locator that contains one of these is acted on only after ``confirm``.
        allow_keys: Chords such as "ctrl+s" or "ctrl+*"; others are not pressed, nor Enter and Tab in a text.
            Other characters of a text, and the keys with which ``clear`` and ``fill`` empty a field, are no
            chords. Empty: any chord.
        deny_keys: Chords that are not pressed, nor by ``clear`` and ``fill``, nor as Enter and Tab in a text.
        destructive_keys: Chords that are pressed only after ``confirm``: those that delete, close or switch.
        confirm: Is asked with one sentence; only the answer ``True`` itself is consent. None answers no.
        max_actions_per_minute: More are refused, not queued.
        respect_lock: Whether nothing is done on a locked screen. A kiosk, a program that covers the whole
            screen and holds the keyboard, is taken for a lock; switch this off to act in one.
        abort_key: Held by anybody, it stops an action and all later ones until ``Desktop.resume()``; on X11
            only. None for no such key. The pointer in the top-left corner also stops an action.

    Raises:
        InputError: A number is out of range, something else than strings was given for a list of them, a rule
            has no words or no key, or ``confirm`` cannot be asked.
    """

    min_score: float | None = None
    allow_windows: Sequence[str] = ()
    deny_windows: Sequence[str] = ()
    allow_areas: Sequence[Area] = ()
    deny_areas: Sequence[Area] = ()
    allow_words: Sequence[str] = ()
    deny_words: Sequence[str] = ()
    destructive_words: Sequence[str] = field(default=DESTRUCTIVE_WORDS, repr=False)
    allow_keys: Sequence[str] = ()
    deny_keys: Sequence[str] = ()
    destructive_keys: Sequence[str] = field(default=DESTRUCTIVE_KEYS, repr=False)
    confirm: Callable[[str], bool] | None = None
    max_actions_per_minute: int = 120
    respect_lock: bool = True
    abort_key: str | None = "esc"

    def __post_init__(self) -> None:
        if self.min_score is not None and not (_is_number(self.min_score) and 0 <= self.min_score <= 1):
            raise InputError(f"min_score is {self.min_score!r}; give a probability from 0 to 1.")
        if not _is_number(self.max_actions_per_minute) or not self.max_actions_per_minute >= 1:
            raise InputError(f"max_actions_per_minute is {self.max_actions_per_minute!r}; give at least 1.")
        for name in STRINGS:
            _require_list(name, getattr(self, name), str, "strings")
        for name in ("allow_words", "deny_words", "destructive_words"):
            for rule in getattr(self, name):
                if not has_words(rule):
                    raise InputError(f"{name} has {rule!r}, which no locator contains; give words.")
        for name in ("allow_keys", "deny_keys", "destructive_keys"):
            for rule in getattr(self, name):
                require_rule(name, rule)
        for name in ("allow_areas", "deny_areas"):
            _require_list(name, getattr(self, name), Area, "Area(left, top, width, height)")
        if self.abort_key is not None:
            check_kind("abort_key", self.abort_key, str, "the name of a key, or None")
        check_bool("respect_lock", self.respect_lock)
        _require_askable(self.confirm)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _require_list(name: str, values: object, kind: type, expected: str) -> None:
    if isinstance(values, str):
        raise InputError(f"{name} is one string, {values!r}; give a list of strings.")
    if not isinstance(values, Sequence) or not all(isinstance(value, kind) for value in values):
        raise InputError(f"{name} is {values!r}; give a list of {expected}.")


def _require_askable(confirm: object) -> None:
    if confirm is None:
        return
    called = getattr(confirm, "__call__", None)  # noqa: B004 - its own kind tells an async one
    if inspect.iscoroutinefunction(confirm) or inspect.iscoroutinefunction(called):
        raise InputError(
            f"confirm is {confirm!r}, a coroutine function, whose answer nobody would wait for; give a plain "
            "function that returns True or False."
        )
    if not callable(confirm):
        raise InputError(
            f"confirm is {confirm!r}; give a function of one sentence that returns True or False."
        )
