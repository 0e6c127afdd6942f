"""Errors of desktop acts, one tree under MolmoActError; knows no display and no model.

    MolmoActError
    └── DesktopError                 an act on the desktop did not happen, or not wholly
        ├── NotFound                 nothing on the screen matches the query
        ├── Ambiguous                several places match about equally well
        ├── Refused                  acting would not be safe: low score, fail-safe, lock, a rule of Safety
        ├── Unstable                 the target, or the screen around it, does not come to rest
        ├── Timeout (TimeoutError)   what was waited for did not come about
        └── NotTyped                 the focused application did not take the text

What the caller gave wrong is an InputError, what the machine lacks a PlatformError (molmo_act.errors).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from molmo_act.errors import MolmoActError

if TYPE_CHECKING:
    from gui_agent.eye import Found


class DesktopError(MolmoActError):
    """An act on the desktop did not happen, or not wholly.

    Args:
        message: What was asked, what was found, what to do.
        candidates: The places in question, where there are any.
    """

    def __init__(self, message: str, candidates: Sequence[Found] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class NotFound(DesktopError):
    """Nothing on the screen matches the query."""


class Ambiguous(DesktopError):
    """Several things match about equally well; nothing was done."""


class Refused(DesktopError):
    """Acting would not be safe; nothing was done."""


class Unstable(DesktopError):
    """The target, or the screen around it, does not come to rest; nothing was done."""


class Timeout(DesktopError, TimeoutError):
    """What was waited for did not come about in time."""


class NotTyped(DesktopError):
    """The focused application did not take the text; the message says how much it did take."""
