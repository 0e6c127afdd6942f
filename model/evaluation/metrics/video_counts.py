"""Counting in videos: accuracy, close accuracy, mean absolute error and overcount.

Accuracy and close accuracy are those of Molmo2-VideoCount, which reads the number in an answer's words and
does not count its points. Mean absolute error and overcount have no official program; the formulas are those
of the papers of VideoMolmo and MolmoPoint.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

_TOTAL = re.compile(r"a total of (\d+)|the total number(?: of .*?)? is:? (\d+)", re.IGNORECASE)
_BIN = 5
_BINS = 5  # of `_BIN` counts each; a last one holds all larger counts


@dataclass(frozen=True)
class CountScore:
    """One answer.

    Attributes:
        wanted: The true count.
        predicted: The count that was read; None for an answer without one, which is wrong.
        category: What kind of object is counted; empty where the set has no kinds.
    """

    wanted: int
    predicted: int | None
    category: str = ""

    @property
    def correct(self) -> bool:
        """Whether the count is right."""
        return self.predicted == self.wanted

    @property
    def close(self) -> bool:
        """Whether it is off by no more than 1 and a twentieth of the true count, rounded down."""
        return self.predicted is not None and abs(self.predicted - self.wanted) <= 1 + math.floor(
            0.05 * self.wanted
        )

    def overcount(self, above: int, *, inclusive: bool = False) -> bool:
        """Whether it is more than a bound and more than twice the true count.

        Args:
            above: The bound. The published one is not known in text form; 5 is one reading.
            inclusive: Whether exactly the bound, and exactly twice the count, is an overcount.
        """
        if self.predicted is None:
            return False
        if inclusive:
            return self.predicted >= above and self.predicted >= 2 * self.wanted
        return self.predicted > above and self.predicted > 2 * self.wanted


def read_count(text: str) -> int | None:
    """Reads the number in the words of an answer, as Molmo 2's evaluator does.

    The whole answer, but for full stops at its end, or else the first "a total of N" or "the total number of
    … is: N". Words such as "none" and "three" are no numbers there, so "There are none." is no count, and
    wrong even where the count is 0.
    """
    whole = text.strip().rstrip(".").strip()
    try:
        return int(whole)
    except ValueError:
        found = _TOTAL.search(text)
    return int(found.group(1) or found.group(2)) if found else None


def summarise_counts(scores: Sequence[CountScore], *, overcount_above: int = 5) -> dict[str, float]:
    """Aggregates answers.

    Args:
        scores: At least one answer; every one counts in each rate.
        overcount_above: See `CountScore.overcount`.

    Returns:
        ``correct``, ``close`` and ``valid`` (shares of all answers), ``MAE`` over answers with a count (NaN
        without any), ``overcount``, accuracy by bins of true counts (``correct_0_5`` and so on; the
        last ends at the largest count + 1),
        ``per_category_average`` (their mean; NaN where a bin is empty, as in the original), and ``acc_`` +
        category where there are categories.
    """
    wanted = np.array([score.wanted for score in scores])
    correct = np.array([score.correct for score in scores], float)
    errors = [abs(score.predicted - score.wanted) for score in scores if score.predicted is not None]
    found = {
        "correct": _mean(correct),
        "close": _mean(score.close for score in scores),
        "valid": _mean(score.predicted is not None for score in scores),
        "MAE": _mean(errors),
        "overcount": _mean(score.overcount(overcount_above) for score in scores),
    }
    edges = [_BIN * number for number in range(_BINS + 1)]
    bins = {f"correct_{low}_{low + _BIN}": (wanted >= low) & (wanted < low + _BIN) for low in edges[:-1]}
    bins[f"correct_{edges[-1]}_{int(wanted.max()) + 1}"] = wanted >= edges[-1]
    rates = {name: _mean(correct[chosen]) for name, chosen in bins.items()}
    found |= rates
    found["per_category_average"] = float(np.mean(list(rates.values())))
    for category in sorted({score.category for score in scores} - {""}):
        found[f"acc_{category}"] = _mean(score.correct for score in scores if score.category == category)
    return found


def _mean(values: Iterable[float] | np.ndarray) -> float:
    listed = np.array(list(values), float)
    return float(listed.mean()) if len(listed) else float("nan")
