"""Selectors as plain values, and back."""

from __future__ import annotations

import json

import pytest

from gui_agent.geometry import Area
from gui_agent.recording.step import current_action, plain_selector, require_number, selector_from
from gui_agent.vision.regions import Monitor, Window
from gui_agent.vision.selector import Selector
from molmo_act.errors import InputError

SELECTORS = [
    (Selector("a"), {"query": "a"}),
    (Selector("a", Area(1, 2, 3, 4)).nth(2), {"query": "a", "region": {"area": [1, 2, 3, 4]}, "index": 2}),
    (
        Selector("a", Window("w")).near(Selector("b", Monitor(1))),
        {"query": "a", "region": {"window": "w"}, "near": {"query": "b", "region": {"monitor": 1}}},
    ),
]


@pytest.mark.parametrize(("selector", "plain"), SELECTORS)
def test_selectors_come_back_from_a_record(selector, plain) -> None:
    assert plain_selector(selector) == plain
    assert selector_from(json.loads(json.dumps(plain))) == selector


def test_words_alone_are_a_selector() -> None:
    assert selector_from("the Save button") == Selector("the Save button")


NO_SELECTORS = [
    (["a"], "is no target"),
    ({"words": "a"}, "is no target"),
    ({"query": "a", "colour": "red"}, "is no target"),
    ({"query": "a", "region": {"window": 5}}, "is no region"),
    ({"query": "a", "region": {"area": [1, 2, 3]}}, "is no region"),
    ({"query": "a", "index": 1.5}, "index is 1.5; expected a whole number"),
    ({"query": "a", "near": {"query": 5}}, "is no target"),
]


@pytest.mark.parametrize(("plain", "message"), NO_SELECTORS)
def test_what_is_no_selector(plain, message) -> None:
    with pytest.raises(InputError, match=message):
        selector_from(plain)


def test_numbers_that_are_none() -> None:
    for name, value in (("down", "far"), ("count", 1.5), ("timeout", "soon")):
        with pytest.raises(InputError, match=f"{name} is"):
            require_number(name, value)
    for name, value in (("down", -3), ("timeout", 0.5), ("timeout", None), ("text", "5")):
        require_number(name, value)


def test_names_of_before() -> None:
    assert current_action("expect_gone") == "expect_hidden"
    assert current_action("click") == "click"
    assert current_action(["click"]) == ["click"]  # no name at all
