"""Patterns of rules: titles with ``*`` and ``?``, and words that may end in ``*``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from gui_agent.safety.normalize import canonical, skeleton, words_of


def glob_matches(pattern: str, text: str) -> bool:
    """Tells whether a whole text fits a pattern.

    Args:
        pattern: ``*`` stands for any characters or none, ``?`` for one; every other character for itself.
        text: The text.

    Returns:
        Whether it fits.

    Example:
        >>> glob_matches("*[1]?", "page [1]!"), glob_matches("[ab]", "a")
        (True, False)
    """
    first, *others = _pieces(pattern)
    if not others:
        return first.fullmatch(text) is not None
    if (found := first.match(text)) is None:
        return False
    for piece in others[:-1]:  # the first place of each is the best, so the time grows with the text alone
        if (found := piece.search(text, found.end())) is None:
            return False
    length = len(pattern) - pattern.rindex("*") - 1
    return len(text) - length >= found.end() and others[-1].match(text, len(text) - length) is not None


def title_allowed(patterns: Sequence[str], title: str) -> bool:
    """Tells whether a title is one of those that are allowed; a look-alike is not.

    Args:
        patterns: With ``*`` and ``?``.
        title: Of a window.

    Returns:
        Whether it fits one of them.
    """
    return any(glob_matches(canonical(pattern), canonical(title)) for pattern in patterns)


def title_denied(patterns: Sequence[str], title: str) -> bool:
    """Tells whether a title is, or looks like, one of those that are denied.

    Args:
        patterns: With ``*`` and ``?``.
        title: Of a window.

    Returns:
        Whether it fits one of them.
    """
    return title_allowed(patterns, title) or any(
        glob_matches(skeleton(pattern), skeleton(title)) for pattern in patterns
    )


def named(rules: Sequence[str], text: str) -> str | None:
    """Finds the first rule whose words a text contains, however they are spelt, joined or hyphenated.

    Args:
        rules: Words or phrases; a word that ends in ``*`` stands for every word that begins so.
        text: Such as the words of a locator.

    Returns:
        The rule; None where it contains none of them.

    Example:
        >>> named(["delet*", "log out"], "Deletion"), named(["log out"], "the logout button")
        ('delet*', 'log out')
        >>> named(["pay"], "the payment page") is None
        True
    """
    readings = [words_of(text)]
    if (apart := words_of(_BEFORE_CAPITAL.sub(" ", text))) != readings[0]:  # "confirmDelete"
        readings.append(apart)
    for rule in rules:
        wanted = _words_of_rule(rule)
        if wanted and any(_contains(words, wanted) for words in readings):
            return rule
    return None


def has_words(rule: str) -> bool:
    """Tells whether a rule of `named` can be found anywhere.

    Args:
        rule: Words or a phrase.

    Returns:
        Whether there is a letter or a digit in it.
    """
    return bool(_words_of_rule(rule))


_BEFORE_CAPITAL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")
_UNSPACED = re.compile("[\u0e00-\u0e7f\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
"""Scripts that put no spaces between words, or write endings onto them."""


@lru_cache(maxsize=1024)
def _pieces(pattern: str) -> list[re.Pattern[str]]:
    """What stands between the stars of a pattern."""
    return [re.compile(".".join(map(re.escape, piece.split("?"))), re.DOTALL) for piece in pattern.split("*")]


@lru_cache(maxsize=1024)
def _words_of_rule(rule: str) -> tuple[tuple[str, bool], ...]:
    """The words of a rule, and whether each stands for all that begin so."""
    words = []
    for part in rule.split():
        found = words_of(part)
        words += [(word, part.endswith("*") and word is found[-1]) for word in found]
    return tuple(words)


def _contains(words: Sequence[str], wanted: Sequence[tuple[str, bool]]) -> bool:
    joined = "".join(word for word, _ in wanted)
    if _UNSPACED.search(joined):
        return joined in "".join(words)
    if any(_run_fits(words[start:], wanted) for start in range(len(words))):
        return True
    is_stem = wanted[-1][1]
    pairs = [first + second for first, second in pairwise(words)]
    return any(_fits(word, joined, is_stem) for word in (*words, *pairs))


def _run_fits(words: Sequence[str], wanted: Sequence[tuple[str, bool]]) -> bool:
    return len(words) >= len(wanted) and all(
        _fits(word, start, is_stem) for word, (start, is_stem) in zip(words, wanted, strict=False)
    )


def _fits(word: str, wanted: str, is_stem: bool) -> bool:
    return word.startswith(wanted) if is_stem else word == wanted
