"""Masks propagated by flow and GrabCut, on rendered clips."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.segmentation.fusion import overlap
from molmo_act.segmentation.grabcut import GrabCut
from molmo_act.segmentation.propagation import masks_between
from molmo_act.segmentation.streams import StreamPoint
from tests.support.moving_dots import BLUE, FPS, RED, Dot, draw

WALKER = Dot("red", RED, lambda t: (60 + 100 * t, 120 + 40 * t), radius=20.0)


def truth(time):
    rows, columns = np.mgrid[:240, :320] + 0.5
    x, y = WALKER.path(time)
    return np.hypot(columns - x, rows - y) <= WALKER.radius


def test_a_mask_is_propagated_along():
    frames = [draw([WALKER], index / FPS) for index in range(20)]
    [masks] = GrabCut()(frames, WALKER.at(0)[None])
    assert min(overlap(found, truth(index / FPS)) for index, found in enumerate(masks)) > 0.9


def test_several_objects_each_have_their_masks():
    other = Dot("blue", BLUE, lambda t: (260 - 90 * t, 60), radius=15.0)
    frames = [draw([WALKER, other], index / FPS) for index in range(8)]
    both = GrabCut()(frames, np.stack([WALKER.at(0), other.at(0)]))
    assert both.shape == (2, 8, 240, 320)
    for masks, one in zip(both, (WALKER, other), strict=True):
        assert (masks == GrabCut()(frames, one.at(0)[None])[0]).all()


def test_on_a_stream_masks_move_with_the_points_until_they_are_gone():
    stream = GrabCut().stream()
    for index in range(20):
        time = index / FPS
        points = {4: StreamPoint(WALKER.at(time), grounded=index % 10 == 0)}
        found = stream.segment(draw([WALKER], time), points)
        assert overlap(found[4], truth(time)) > 0.85
    assert stream.segment(draw([], 1.0), {}) == {}


def test_the_masks_are_the_same_every_time():
    dull = Dot("dull", (150, 110, 90), WALKER.path, radius=30.0)  # hardly to be told from the ground
    frames = [draw([dull], index / FPS) for index in range(6)]
    first = GrabCut()(frames, dull.at(0)[None])
    assert all((GrabCut()(frames, dull.at(0)[None]) == first).all() for _ in range(4))


def test_masks_are_empty_once_the_object_is_gone():
    frames = [draw([WALKER] if index < 5 else [], index / FPS) for index in range(8)]
    [masks] = GrabCut()(frames, WALKER.at(0)[None])
    assert masks[:5].any(axis=(1, 2)).all()
    assert not masks[5:].any()


def test_both_ways_bridge_what_one_way_loses():
    frames = [
        draw([WALKER], index / FPS, wall=(100, 150) if 8 <= index < 16 else None) for index in range(24)
    ]
    points = {0: WALKER.at(0), 23: WALKER.at(23 / FPS)}
    [forwards] = GrabCut()(frames, points[0][None])
    both = masks_between(GrabCut(), frames, points)
    assert not forwards[20].any()
    assert overlap(both[20], truth(20 / FPS)) > 0.85
    assert overlap(both[3], truth(3 / FPS)) > 0.85


@pytest.mark.parametrize("options", [{"rounds": 0}, {"rounds": "1"}, {"margin": 0}, {"margin": 2.5}])
def test_numbers_that_cannot_be_used_are_refused(options):
    with pytest.raises(InputError, match=next(iter(options))):
        GrabCut(**options)
