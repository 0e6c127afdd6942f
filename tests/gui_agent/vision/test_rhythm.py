"""Small parts of the screen are watched once, and it is remembered what they do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gui_agent.vision.rhythm import BESIDE, Rhythm
from tests.support.fake_desktop import fake_context


def blocks(*places: tuple[int, int]) -> np.ndarray:
    found = np.zeros((15, 20), bool)
    for place in places:
        found[place] = True
    return found


def test_what_moves_is_remembered_with_what_lies_beside_it() -> None:
    rhythm, shot = Rhythm(), fake_context().screen.take()
    digits = blocks((2, 5), (2, 8))
    assert rhythm.unknown(shot, digits)
    rhythm.note(shot, digits, blocks((2, 8)))
    assert (rhythm.moving(shot) == digits).all()  # the minutes, too
    assert not rhythm.unknown(shot, digits)
    far = blocks((2, 8 + BESIDE + 1))
    rhythm.note(shot, far, blocks())
    assert not rhythm.unknown(shot, far)
    assert not (rhythm.moving(shot) & far).any()


def test_what_is_large_is_not_watched() -> None:
    rhythm, shot = Rhythm(), fake_context().screen.take()
    assert not rhythm.unknown(shot, blocks((0, 0), (9, 0)))
    assert not rhythm.unknown(shot, blocks())


def test_another_part_of_the_desktop_is_not_known() -> None:
    rhythm, shot = Rhythm(), fake_context().screen.take()
    rhythm.note(shot, blocks((1, 1)), blocks((1, 1)))
    part = shot.crop_pixels(0, 0, 160, 160)
    later = replace(shot, time=shot.time + 61)
    assert not rhythm.moving(later).any()
    assert rhythm.moving(part).shape == (10, 10)
    assert not rhythm.moving(part).any()
