"""Count: a number of objects that says whether the answer it comes from was complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from molmo_act.validation import check_int

if TYPE_CHECKING:
    from typing_extensions import Self

    from molmo_act.outputs.points import Points


class Count(int):
    """How many objects a model pointed at; an int in every other respect.

    Args:
        value: The number.
        truncated: Whether decoding stopped before the answer was complete, see `Points.truncated`.
        damaged: Whether frames of the video are missing, see `Points.damaged`.

    Attributes:
        truncated: Whether there may be more objects than the number says.
        damaged: Whether frames are missing on which there may have been more.

    Example:
        >>> count = Count(3, truncated=True)
        >>> count, count + 1, count.truncated
        (3, 4, True)
    """

    truncated: bool
    damaged: bool

    def __new__(cls, value: int, *, truncated: bool = False, damaged: bool = False) -> Self:
        """Makes a number that knows whether its answer and its video were complete."""
        count = super().__new__(cls, check_int("A count", value, least=0))
        count.truncated, count.damaged = truncated, damaged
        return count


def counts(found: Points | list[Points]) -> Count | list[Count]:
    """Counts what was pointed at.

    Args:
        found: Points of one answer, or of several.

    Returns:
        A number, or a list of them.
    """
    if isinstance(found, list):
        return [Count(len(points), truncated=points.truncated) for points in found]
    return Count(len(found), truncated=found.truncated)
