"""Values of a settings file: each is checked, and named by the keys that lead to it."""

from __future__ import annotations

import pytest

from molmo_act.embedded.stated import Stated, check_text
from molmo_act.errors import InputError

SAID = Stated({"a": {"size": 3, "pair": [1, 2.5], "word": "x", "on": True, "share": 0.5}})


def test_values_are_read():
    part = SAID.part("a")
    assert (part.whole("size"), part.text("word"), part.flag("on")) == (3, "x", True)
    assert (part.numbers("pair", 2), part.choice("word", ("x", "y"))) == ([1, 2.5], "x")
    assert (part.divisor("share"), part.divisor("none")) == (0.5, None)


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda part: part.value("b"), r"it lacks a\.b\."),
        (lambda part: part.part("size"), r"a\.size is 3; expected values by name"),
        (lambda part: part.whole("size", most=2), r"a\.size is 3; expected a whole number from 1 to 2"),
        (lambda part: part.whole("on"), r"a\.on is True"),
        (lambda part: part.wholes("pair", 2), r"a\.pair is 2\.5; expected a whole number"),
        (lambda part: part.numbers("pair", 3), r"a\.pair is \[1, 2\.5\], .*expected a list of 3"),
        (lambda part: part.numbers("pair", 2, most=2), r"a\.pair is 2\.5"),
        (lambda part: part.text("size"), r"a\.size is 3; expected text"),
        (lambda part: part.flag("size"), r"a\.size is 3; expected true or false"),
        (lambda part: part.choice("word", ("y",)), r"a\.word is 'x'; expected 'y'"),
        (lambda part: part.divisor("word"), r"a\.word is 'x'; expected a number between 1e-06 and 1e\+06"),
        (lambda part: check_text("it", "\ud800"), "it is .*expected text"),
    ],
)
def test_values_of_another_kind_are_named(read, message):
    with pytest.raises(InputError, match=message):
        read(SAID.part("a"))
