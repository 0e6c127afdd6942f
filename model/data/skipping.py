"""What is raised for a row of a data set that nothing can be learned from."""

from __future__ import annotations

from molmo_act.errors import InputError


class SkippedRow(InputError):
    """A row that is left out and counted; its message says why, in a few words that recur."""
