"""Damage of a video is kept in mind, and said once."""

from __future__ import annotations

from molmo_act.io.damage import Damage


def test_nothing_is_damaged_at_first(caplog) -> None:
    damage = Damage("'clip.mp4'")
    assert not damage
    assert str(damage) == ""
    assert not caplog.text


def test_the_first_fault_is_said_and_all_are_counted(caplog) -> None:
    damage = Damage("'clip.mp4'")
    for number in range(1000):
        damage.add(f"packet {number} is missing")
    assert damage
    assert str(damage) == "packet 0 is missing, and 999 more faults"
    assert [record.getMessage() for record in caplog.records] == [
        "The video 'clip.mp4' is damaged: packet 0 is missing. What can be decoded is used."
    ]
