"""Errors of desktop acts, one tree under MolmoActError; knows no display and no model.

    MolmoActError
    └── DesktopError                 an act on the desktop did not happen
        ├── NotFound                 nothing on the screen matches the query
        ├── Refused                  acting would not be safe: low score, fail-safe, pointer elsewhere
        └── NotTyped                 the focused application did not take the text

What the caller gave wrong is an InputError, what the machine lacks a PlatformError (molmo_act.errors).
"""

from __future__ import annotations

from molmo_act.errors import MolmoActError


class DesktopError(MolmoActError):
    """An act on the desktop did not happen."""


class NotFound(DesktopError):
    """Nothing on the screen matches the query."""


class Refused(DesktopError):
    """The place was found, but acting on it would not be safe; nothing was done."""


class NotTyped(DesktopError):
    """The focused application did not take the text; the message says how much it did take."""
