"""What is raised for a row of a data set that nothing can be learned from, and one reason for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from model.data.sample import POINTS_HERE, Film, Picture
from molmo_act.errors import InputError

CONTROL = re.compile(r"<(?:\|[^<>]*\||im_\w+|frame_\w+|low_res_im_start|POINT_\d+)>")
"""What a tokenizer would read as something else than text."""


class SkippedRow(InputError):
    """A row that is left out and counted; its message says why, in a few words that recur."""


@contextmanager
def row_as_expected() -> Iterator[None]:
    """Turns what goes wrong with a row that is not in its set's schema into a reason to skip it.

    Raises:
        SkippedRow: A column is missing or holds something else.
    """
    try:
        yield
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise SkippedRow(f"row is not as expected ({type(exc).__name__}: {exc})") from exc


def refuse_control_tokens(sample: Picture | Film) -> None:
    """Refuses text that would not be read as text.

    Raises:
        SkippedRow: A question, label or answer holds what a tokenizer takes for a control token.
    """
    if any(CONTROL.search(text) for text in _texts(sample)):
        raise SkippedRow("text holds control tokens")


def _texts(sample: Picture | Film) -> Iterator[str]:
    """All that is read or written, without the marks for points."""
    for query in sample.queries:
        yield from (query.text, query.label)
    for said in sample.said if isinstance(sample, Picture) else ():
        yield from (text for query in said.points for text in (query.text, query.label))
        yield from (said.question, said.answer.replace(POINTS_HERE, "") if said.points else said.answer)
