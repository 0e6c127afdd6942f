"""Errors of desktop actions, one tree under MolmoActError.

    MolmoActError
    └── DesktopError                      an action on the desktop did not happen, or only partly
        ├── NotFound                      nothing on the screen matches the query
        ├── Ambiguous                     several places match about equally well
        ├── ActionBlockedError            acting would not be safe: score, fail-safe, lock, rule of Safety
        ├── Unstable                      the target, or the screen around it, does not come to rest
        ├── TimeoutError (TimeoutError)   what was waited for did not happen in time
        └── TypingError                   the focused application did not take the text

Arguments that cannot be used raise InputError, a machine that lacks something PlatformError
(molmo_act.errors).
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from molmo_act.errors import MolmoActError

if TYPE_CHECKING:
    from PIL import Image


class Candidate(Protocol):
    """A place that an error is about; `gui_agent.Match` is one."""

    @property
    def query(self) -> str:
        """The words that were looked for."""

    @property
    def point(self) -> tuple[int, int]:
        """The mouse position (x, y) in whole input points of the desktop."""

    @property
    def score(self) -> float:
        """The model's probability of this place, in [0, 1]."""

    def draw(self) -> Image.Image:
        """Draws the place on the screenshot it was found on."""


class DesktopError(MolmoActError):
    """An action on the desktop did not happen, or only partly.

    Args:
        message: What was asked, what was found, what to do.
        candidates: The places in question, where there are any.

    Attributes:
        message: Without the call log, which ``str`` adds.
        call_log: What was waited for and seen until then, a line each.
        done: What was done before it, in words; empty where nothing was.
    """

    def __init__(self, message: str, candidates: Sequence[Candidate] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.candidates = tuple(candidates)
        self.call_log: tuple[str, ...] = ()
        self.done: tuple[str, ...] = ()

    def after(self, *earlier: str) -> DesktopError:
        """Makes an error say what was done before the part of the action that it ended.

        Args:
            *earlier: In words.

        Returns:
            An error of the same kind.
        """
        told = f"{self.message.removesuffix(' Nothing was done.')} Earlier: {', '.join(earlier)}."
        error = type(self)(told, self.candidates)
        error.call_log, error.done = self.call_log, (*earlier, *self.done)
        return error

    def __str__(self) -> str:
        """Gives the message, and below it the call log where there is one."""
        return "\n".join([super().__str__(), *(["Call log:", *self.call_log] if self.call_log else [])])


class NotFound(DesktopError):
    """Nothing on the screen matches the query."""


class Ambiguous(DesktopError):
    """Several places match about equally well; nothing was done."""


class ActionBlockedError(DesktopError):
    """Acting would not be safe; nothing was done."""


class Unstable(DesktopError):
    """The target, or the screen around it, does not come to rest; nothing was done."""


class TimeoutError(DesktopError, builtins.TimeoutError):
    """What was waited for did not happen in time."""


class TypingError(DesktopError):
    """The focused application did not take the text; the message says how much it did take."""
