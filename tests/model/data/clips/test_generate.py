"""Clips: the same from the same seed, and true to the pixel."""

from __future__ import annotations

import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest

from model.data.clips.generate import Clip, ClipSettings

SHORT = ClipSettings(seconds=0.5, fps=10)
MOTIONLESS = ClipSettings(seconds=8, fps=5, pillars=False, leaving=False, camera=False, light=False)


def test_the_same_seed_gives_the_same_clip_and_another_seed_another():
    first, again, other = (list(Clip(seed, SHORT)) for seed in (3, 3, 4))
    assert len(first) == len(Clip(3, SHORT)) == 5
    for one, same in zip(first, again, strict=True):
        assert (one.image == same.image).all()
        assert (one.owner == same.owner).all()
    assert (first[0].image != other[0].image).any()
    assert [frame.timestamp for frame in first] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_iterating_twice_gives_the_same_frames():
    clip = Clip(3, SHORT)
    for one, same in zip(clip, clip, strict=True):
        assert (one.image == same.image).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_truth_is_where_the_image_shows_something(seed):
    """The same clip without its objects differs where they are, and nowhere else."""
    clip, empty = Clip(seed, MOTIONLESS), Clip(seed, MOTIONLESS)
    empty.movers = ()
    for frame, ground in itertools.islice(zip(clip, empty, strict=True), 0, None, 8):
        differs = (frame.image != ground.image).any(axis=2)
        objects = frame.owner > 0
        rim = cv2.dilate(objects.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
        assert not differs[~rim].any()
        assert differs[objects].mean() > 0.98


def test_the_path_is_the_middle_of_what_is_drawn():
    clip = Clip(1, MOTIONLESS)
    for frame in clip:
        for number, mover in enumerate(clip.movers, start=1):
            if frame.share[number - 1] > 0.99:
                rows, columns = np.nonzero(frame.owner == number)
                box = np.array([columns.min() + columns.max() + 1, rows.min() + rows.max() + 1]) / 2
                assert np.abs(box - mover.path(frame.timestamp)).max() < 8


def test_shares_tell_what_is_hidden_and_what_has_left():
    shares = np.concatenate([[f.share for f in Clip(seed, ClipSettings(fps=5))] for seed in range(4)])
    assert shares.min() == 0
    assert shares.max() <= 1.02  # a turned sprite has a pixel more or less
    assert 0.02 < (shares < 0.05).mean() < 0.5
    assert (shares > 0.9).mean() > 0.4


def test_queries_name_every_object_once():
    for seed in range(10):
        clip = Clip(seed, ClipSettings(twins=True))
        asked = sorted(number for numbers in clip.queries.values() for number in numbers)
        assert asked == list(range(1, len(clip.movers) + 1))
    assert any(len(numbers) == 2 for numbers in clip.queries.values())


def test_without_twins_no_two_objects_share_a_name():
    for seed in range(10):
        clip = Clip(seed)
        assert len({mover.noun for mover in clip.movers}) == len(clip.movers) == 4


def test_there_can_be_more_objects_than_shapes():
    clip = Clip(0, replace(MOTIONLESS, objects=20))
    assert len(clip.movers) == 20
    assert len({mover.phrase for mover in clip.movers}) == 20


def test_the_camera_moves_the_ground_and_the_light_changes():
    still, moving = (
        list(
            Clip(5, ClipSettings(objects=1, pillars=False, leaving=False, camera=camera, light=camera, fps=5))
        )
        for camera in (False, True)
    )
    ground = [frame.image[frame.owner == 0].mean() for frame in still]
    lit = [frame.image[frame.owner == 0].mean() for frame in moving]
    assert np.ptp(ground) < 4
    assert np.ptp(lit) > 15
