"""How official programs read a number of objects out of an answer about an image.

Molmo2 counts the points of an answer and forgets the number in its words: "5" is 0 objects. Molmo 1 reads the
words, of which "none" is no number. lmms-eval has a rule for each data set.
"""

from __future__ import annotations

import re

from model.evaluation.official.point_text import extract_points

NUMBER_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_TOTAL = re.compile(r".*a total of ([0-9]+)", re.DOTALL)  # greedy: the last one wins


def count_molmo2(text: str) -> int:
    """Counts the points in the lower-cased text (allenai/molmo2 at f3cb108)."""
    return len(extract_points(text.lower(), 100, 100))


def count_molmo1(text: str) -> int | None:
    """Reads the last word as a number, else the last "a total of N" (allenai/molmo at 793fa38)."""
    text = text.lower().rstrip(".").strip()
    last = text.split(" ")[-1]
    try:
        return int(last)
    except ValueError:
        pass
    if last in NUMBER_WORDS:
        return NUMBER_WORDS.index(last)
    found = _TOTAL.match(text)
    return int(found.group(1)) if found else None


def count_lmms_pixmo(text: str) -> int | None:
    """Reads the first digits anywhere (lmms-eval, pixmo_count)."""
    found = re.search(r"\d+", text)
    return int(found.group()) if found else None


def right_lmms_countbench(text: str, count: int) -> bool:
    """Compares the whole answer, a number word or "none" turned into digits (lmms-eval, countbench)."""
    said = text.strip().lower()
    if said == "none":
        said = "0"
    elif said in NUMBER_WORDS:
        said = str(NUMBER_WORDS.index(said))
    return said == str(count)


def right_lmms_countbenchqa(text: str, count: int) -> bool:
    """Compares the whole answer with the digits (lmms-eval, countbenchqa)."""
    return text.strip() == str(count)
