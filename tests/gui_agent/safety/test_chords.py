"""Chords that fit a rule however they are written."""

from __future__ import annotations

import pytest

from gui_agent import Safety
from gui_agent.safety.chords import first_fitting, meanings, normalized_chord
from molmo_act.errors import InputError

SAME = [
    (["ctrl", "w"], ["Control", "W"]),
    (["ctrl", "w"], ["Control_R", "w"]),
    (["ctrl", "shift", "s"], ["shift", "ctrl", "S"]),
    (["alt", "tab"], ["Alt_L", "Tab"]),
    (["win"], ["Meta"]),
    (["ctrl", "plus"], ["ctrl", "+"]),
    (["enter"], ["KP_Enter"]),
    (["ctrl", "0"], ["ctrl", "num0"]),
    (["ctrl", "-"], ["ctrl", "KP_Subtract"]),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_to_write_a_chord(one, other) -> None:
    assert normalized_chord(one) == normalized_chord(other)


def test_other_chords_stay_apart() -> None:
    assert normalized_chord(["ctrl", "w"]) != normalized_chord(["w"])
    assert normalized_chord(["A"]) != normalized_chord(["a"])


def test_rules() -> None:
    assert first_fitting(["ctrl+w"], ["Control", "W"]) == "ctrl+w"
    assert first_fitting(["ctrl+w"], ["ctrl", "shift", "w"]) is None
    assert first_fitting(["ctrl+*"], ["ctrl", "shift", "w"]) == "ctrl+*"
    assert first_fitting(["ctrl+*"], ["ctrl"]) == "ctrl+*"
    assert first_fitting(["super+*"], ["shift", "cmd", "l"]) == "super+*"
    assert first_fitting(["ctrl+alt+*"], ["ctrl", "w"]) is None
    assert first_fitting(["+"], ["+"]) == "+"
    assert first_fitting(["ctrl++"], ["ctrl", "+"]) == "ctrl++"
    assert first_fitting(["ctrl++"], ["ctrl"]) is None


@pytest.mark.parametrize("rule", ["delet", "ctrl+", "ctrl+entr", "", "hyper+*"])
def test_a_rule_that_would_never_hold_is_refused(rule) -> None:
    with pytest.raises(InputError, match="deny_keys has"):
        Safety(deny_keys=["f1", rule])


def test_rules_that_hold() -> None:
    Safety(allow_keys=["Page_Down", "ctrl+*", "Control_R+KP_5", "+", "ctrl++", "*", "é"])


def test_keys_that_go_down_later_do_not_change_what_earlier_ones_mean() -> None:
    assert ("alt", "f4") in meanings(["alt", "f4", "shift"])
    assert ("alt", "f4") in meanings(["alt", "f4", "a"])
    assert ("ctrl", "w") in meanings(["ctrl", "numlock", "w"])
    assert ("delete",) in meanings(["a", "delete"])
    assert ("win",) in meanings(["a", "win"])
    assert meanings(["ctrl", "shift", "s"]) == [("ctrl", "shift", "s")]
    assert meanings(["ctrl"]) == [("ctrl",)]
