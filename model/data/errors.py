"""The error for rows of a data set that nothing can be learned from, and checks that raise it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from model.data.schema import POINTS_HERE, ImageSample, VideoSample
from molmo_act.errors import InputError

CONTROL = re.compile(r"<(?:\|[^<>]*\||im_\w+|frame_\w+|low_res_im_start|POINT_\d+)>")
"""What a tokenizer would read as something else than text."""


class SkippedRow(InputError):
    """Raised for a row that is left out and counted.

    Its message is the reason, in a few words that recur from row to row.
    """


@contextmanager
def row_as_expected() -> Iterator[None]:
    """Turns errors from a row that does not follow its set's schema into a reason to skip it.

    Raises:
        SkippedRow: A column is missing or holds something else.
    """
    try:
        yield
    except InputError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise SkippedRow(f"row is not as expected ({type(exc).__name__}: {exc})") from exc


def refuse_control_tokens(sample: ImageSample | VideoSample) -> None:
    """Raises for samples whose text a tokenizer would not read as text.

    Args:
        sample: The sample; the marks for points in its answers are allowed.

    Raises:
        SkippedRow: A question, label or answer holds what a tokenizer takes for a control token.
    """
    if any(CONTROL.search(text) for text in _texts(sample)):
        raise SkippedRow("text holds control tokens")


def _texts(sample: ImageSample | VideoSample) -> Iterator[str]:
    """Yields everything that is asked or answered, without the marks for points."""
    for query in sample.queries:
        yield from (query.text, query.label)
    for turn in sample.question_answers if isinstance(sample, ImageSample) else ():
        yield from (text for query in turn.points for text in (query.text, query.label))
        yield from (turn.question, turn.answer.replace(POINTS_HERE, "") if turn.points else turn.answer)
