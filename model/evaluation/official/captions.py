"""Precision and recall of captions by what a judge says of single statements, as Molmo2-CapEval is scored.

allenai/molmo2 at f3cb108. Reply line k is about statement k. What looks odd is the official reading: a line
is false where it ends in "not st…", else true where " stated" stands in it with a blank before, so that
"Stated" alone is dropped and "Not Stated." with its full stop is true.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from model.evaluation.official.vqa import edit_distance

CATEGORIES = (
    *("Object", "Attribute", "Action", "Event", "Relation", "Location", "Quantity/Number", "OCR", "Camera"),
    *("Scene/Context", "State/Condition", "Motion/Trajectory", "Gesture", "Pose", "Emotion/Affect"),
    *("Lighting/Weather", "Identity", "Causation/Purpose"),
)
"""What statements are about."""
_FALSE = re.compile(r"not st[a-z]*$", re.IGNORECASE)
_TRUE = re.compile(r" stated", re.IGNORECASE)
_CONSISTENT = re.compile(r"[^a-z](?:[Cc]onsistent|[Cc]orrect)")
_INCONSISTENT = re.compile(r"[^a-z](?:[Ii]n?consistent|[Ii]ncorrect|[Cc]ontradict)")
_NUMBERED = re.compile(r"^\s*\d+[.)]\s*")


def read_verdicts(lines: Sequence[str], statements: int | None = None) -> list[bool | None]:
    """Reads the replies of a judge, stated or not stated.

    Args:
        lines: The lines of its reply.
        statements: How many statements it was asked about; lines beyond are ignored.

    Returns:
        For each line what the judge says, None where that cannot be read. Statements without a line are in no
        figure.
    """
    found: list[bool | None] = []
    for line in lines[:statements]:
        text = line.strip()
        if _FALSE.search(text):
            found.append(False)
        else:
            found.append(True if _TRUE.search(text) else None)
    return found


def consistency_molmo(lines: Sequence[str]) -> float:
    """Returns 1 - the share of lines that say inconsistent, as the metric for images was first written.

    Args:
        lines: The lines of a judge's reply, consistent or inconsistent; a word counts behind a character that
            is no small letter, so "Consistent" alone is dropped, as is a line with both or neither.
    """
    good = [_CONSISTENT.search(line) is not None for line in lines]
    bad = [_INCONSISTENT.search(line) is not None for line in lines]
    read = [wrong for right, wrong in zip(good, bad, strict=True) if right != wrong]
    return 1 - sum(read) / len(read) if read else 0.0


def share_true(verdicts: Sequence[bool | None]) -> float:
    """Returns the share of true among those that could be read; 0 where none could."""
    read = [verdict for verdict in verdicts if verdict is not None]
    return sum(read) / len(read) if read else 0.0


def by_category(verdicts: Sequence[bool | None], categories: Sequence[str]) -> dict[str, float]:
    """Returns `share_true` for each category."""
    found: dict[str, list[bool | None]] = {}
    for verdict, category in zip(verdicts, categories, strict=False):  # fewer lines than statements
        found.setdefault(category, []).append(verdict)
    return {category: share_true(read) for category, read in found.items()}


def split_statements(reply: str) -> list[tuple[str, str]]:
    """Reads statements with their categories, ``1. A dog runs | Event`` on each line.

    Args:
        reply: What a judge wrote.

    Returns:
        Statement and category, that of `CATEGORIES` which is written most alike.
    """
    found = []
    for line in reply.splitlines():
        text = _NUMBERED.sub("", line).strip()
        if text:
            statement, _, category = text.rpartition(" | ") if " | " in text else (text, "", "")
            found.append((statement.strip(), nearest_category(category.strip())))
    return found


def nearest_category(written: str) -> str:
    """Returns the category that differs least from what a judge wrote."""
    return min(CATEGORIES, key=lambda category: edit_distance(category.lower(), written.lower()))


def f1(recall: float, consistency: float) -> float:
    """Returns the harmonic mean; 0 where both are."""
    total = recall + consistency
    return 2 * recall * consistency / total if total else 0.0
