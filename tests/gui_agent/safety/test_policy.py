"""Rules that make no sense are refused where they are given."""

from __future__ import annotations

import pytest

from gui_agent import Safety
from molmo_act.errors import InputError


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_an_impossible_score_floor(score) -> None:
    with pytest.raises(InputError, match="min_score"):
        Safety(min_score=score)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"deny_windows": "Bank"}, "deny_windows is one string, 'Bank'"),
        ({"max_actions_per_minute": 0}, "give at least 1"),
        ({"deny_words": ["delete", " "]}, "deny_words has ' ', which no locator contains"),
        ({"allow_words": ["!"]}, "allow_words has '!'"),
        ({"deny_keys": ["delet"]}, "there is no key 'delet'"),
    ],
)
def test_impossible_rules(rules, message) -> None:
    with pytest.raises(InputError, match=message):
        Safety(**rules)
