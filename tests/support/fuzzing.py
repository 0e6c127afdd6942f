"""What fuzzers share: how many inputs, limits of time, and broken variants of values that are right.

Ten thousand inputs a parser, or as many as MOLMO_ACT_FUZZ_EXAMPLES says (`nox --session fuzz`: a million).
"""

from __future__ import annotations

import copy
import inspect
import math
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from molmo_act.errors import MolmoActError

pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

__all__ = ["broken", "fuzzed", "json_values", "parses_or_refuses", "pieces_of", "spliced", "st"]

SECONDS = 1.0
"""No input may take longer, in time of this process, so that a busy machine changes nothing."""
_GIVEN = os.environ.get("MOLMO_ACT_FUZZ_EXAMPLES")
EXAMPLES = int(_GIVEN or 10_000)


BLOCK = 50
"""How many inputs each value of hypothesis gives: itself, and variants that are made much faster."""


def fuzzed(
    values: st.SearchStrategy[Any], vary: Callable[[Any, random.Random], Any], *, share: float = 1.0
) -> Callable[[Callable[..., None]], Any]:
    """Makes a fuzzer of a test that takes one input, and fixtures by name.

    Args:
        values: Inputs of hypothesis; the same in every run, unless more than usual are asked for.
        vary: Makes another input of one.
        share: How many of the inputs this fuzzer gets, for parsers that take long.
    """

    def decorate(check: Callable[..., None]) -> Any:
        def run(**given_values: Any) -> None:
            value, rng = given_values.pop("value"), random.Random(given_values.pop("seed"))
            for one in [value, *(vary(value, rng) for _ in range(BLOCK - 1))]:
                try:
                    twice_if_slow(check, one, **given_values)
                except BaseException as error:
                    error.add_note(f"The input: {one!r:.3000}")
                    raise

        _, *fixtures = inspect.signature(check).parameters
        names = (*fixtures, "value", "seed")
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
        )
        run.__name__ = check.__name__
        configured = settings(
            max_examples=max(1, int(EXAMPLES * share / BLOCK)),
            derandomize=_GIVEN is None,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        return pytest.mark.slow(configured(given(value=values, seed=SEEDS)(run)))

    return decorate


SEEDS = st.integers(0, 2**63)


class TooSlow(BaseException):
    """An input took longer than `SECONDS`; no parser catches it."""


def twice_if_slow(check: Callable[..., None], value: Any, **fixtures: Any) -> None:
    """Checks an input, and once more if it took too long: garbage collection does not do so twice."""
    try:
        check(value, **fixtures)
    except TooSlow:
        check(value, **fixtures)


@contextmanager
def parses_or_refuses(named: str = "") -> Iterator[None]:
    """Lets the errors of the library pass, and stops what takes too long.

    Args:
        named: What every error has to name.
    """

    def stop(*_: object) -> None:
        raise TooSlow(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    refusal = ""
    try:
        yield
    except MolmoActError as error:
        refusal = str(error)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert len(refusal) < 5000, "an error that nobody reads"
    assert not refusal or named in refusal


def json_values() -> st.SearchStrategy[Any]:
    """Anything that JSON can hold, with what people and programs get wrong."""
    return SEEDS.map(lambda seed: _json_value(random.Random(seed)))


_ODD = [None, True, False, 0, 1, -1, 2, 14, 378, 0.5, 1e308, math.nan, math.inf, -math.inf, 10**30, "", "2"]
_TEXTS = ["a", "query", "\ud800", "\0", "é", " ", "x" * 2000, "<POINT_0>", "../..", "{}", "1e9"]


def _json_value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.random()
    if kind < 0.5 or depth > 3:
        return rng.choice(_ODD)
    if kind < 0.6:
        return rng.choice(_TEXTS)
    if kind < 0.7:
        return rng.randint(-(10 ** rng.randint(1, 30)), 10 ** rng.randint(1, 30))
    if kind < 0.8:
        return rng.uniform(-1, 1) * 10.0 ** rng.randint(-300, 300)
    values = [_json_value(rng, depth + 1) for _ in range(rng.randint(0, 4))]
    return values if kind < 0.9 else {rng.choice(_TEXTS): value for value in values}


def broken(right: Any, rng: random.Random) -> Any:
    """The value with one to three of its parts replaced, removed or added.

    Args:
        right: Dictionaries and lists, nested, as JSON holds them.
        rng: Says which, and how.
    """
    value = copy.deepcopy(right)
    for _ in range(rng.randint(1, 3)):
        *path, last = rng.choice(list(_places(value)) or [("",)])
        place = value
        for key in path:
            place = place[key]
        how = rng.random()
        if how < 0.2 and place:
            del place[last]
        elif how < 0.4 and isinstance(place, list):
            place.append(_json_value(rng))
        elif how < 0.5 and isinstance(place, dict):
            place[rng.choice(_TEXTS)] = _json_value(rng)
        else:
            place[last] = _json_value(rng)
    return value


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield (*path, key)
            yield from _places(value[key], (*path, key))


def pieces_of(pieces: list[str], most: int = 30) -> st.SearchStrategy[str]:
    """Texts of pieces of a format, with other text between them."""
    piece = st.sampled_from(pieces) | st.text(max_size=4) | st.from_regex(r"[0-9. ]{1,12}", fullmatch=True)
    return st.lists(piece, max_size=most).map("".join)


def spliced(pieces: list[str]) -> Callable[[str, random.Random], str]:
    """Makes variants of a text: parts of it cut out, moved or repeated, and pieces put in."""

    def vary(text: str, rng: random.Random) -> str:
        for _ in range(rng.randint(1, 4)):
            first, last = sorted(rng.choices(range(len(text) + 1), k=2))
            part = text[first:last]
            text = rng.choice(
                [
                    text[:first] + text[last:],
                    text[:first] + rng.choice(pieces) + text[first:],
                    text[:first] + rng.choice(pieces) + text[last:],
                    text[:first] + part * rng.randint(1, 3) + text[first:],
                    text[last:] + part + text[:first],
                ]
            )
        return text

    return vary
