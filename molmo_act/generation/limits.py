"""When an answer ends at the latest, and how much of it is drafted at once."""

from __future__ import annotations

from dataclasses import dataclass

MAX_NEW_TOKENS = 512
ANSWER_TOKENS = 1024
"""Most ids of an answer in words, unless a caller says otherwise."""
MAX_DRAFTED_WORDS = 12  # words that are fed at once as a draft
MAX_LABEL_IDS = 64  # ids that are drafted behind the points
NONE = -1
"""Stands for no id, no patch, no slot, and no position."""


@dataclass(frozen=True)
class GenerationLimits:
    """When an answer ends at the latest.

    Attributes:
        max_new_tokens: Most ids.
        max_points: Most complete points, with location and number; None for no bound.
        exactly: Number of points of every answer, chosen where the model would choose otherwise; None for as
            many as it finds.
        timeout: Seconds after which decoding stops; the answer is then truncated. None for no bound.
    """

    max_new_tokens: int = MAX_NEW_TOKENS
    max_points: int | None = None
    timeout: float | None = None
    exactly: int | None = None
