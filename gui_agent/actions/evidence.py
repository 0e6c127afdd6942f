"""Checks what is known of a target before it is pressed: contradicting labels, and widgets that moved."""

from __future__ import annotations

from collections.abc import Sequence

from gui_agent.context import DesktopContext
from gui_agent.errors import ActionBlockedError
from gui_agent.vision.contradiction import contradiction_of
from gui_agent.vision.grounder import Match

_SAID = {"text": "is written", "accessibility": "is what its program calls the place"}


def require_no_contradiction(context: DesktopContext, match: Match) -> None:
    """Refuses a target at which another label stands than its words name.

    Args:
        context: The desktop.
        match: The target.

    Raises:
        ActionBlockedError: Another label stands there; it has both.
    """
    found = contradiction_of(match, context.grounder)
    if found is not None:
        raise ActionBlockedError(
            f"{match.query!r} names {found.wanted!r}, but {found.found!r} {_SAID[found.source]} at "
            f"{match.point}. Name what is there, or look in a region. Nothing was done.",
            [match],
        )


def are_where_they_were(context: DesktopContext, targets: Sequence[Match]) -> bool:
    """Asks programs once more for the widgets that targets were found by.

    Args:
        context: The desktop.
        targets: The targets.

    Returns:
        Whether all of them are shown where they were.
    """
    accessibility = context.grounder.accessibility
    widgets = [one.widget for match in targets for one in match.evidence if one.score > 0 and one.widget]
    return accessibility is None or all(accessibility.screen.is_where_it_was(one) for one in widgets)
