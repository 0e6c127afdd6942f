"""Flow carries points over textured and plain things, and says when it cannot."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from molmo_act.tracking.appearance import likeness, likeness_around, look
from molmo_act.tracking.frames import FlowFrame, FrameBuffer
from molmo_act.tracking.propagation import carry, find_again, take_up
from molmo_act.tracking.regions import flood

NOISE = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (300, 400, 3)).astype(np.uint8), (7, 7), 2)


def shifted(dx: float, dy: float, gain: float = 1.0) -> FlowFrame:
    """A textured picture moved by a fraction of pixels, and lit differently."""
    moved = cv2.warpAffine(
        NOISE, np.array([[1, 0, dx], [0, 1, dy]], float), (400, 300), borderMode=cv2.BORDER_REFLECT
    )
    return FlowFrame.of(0, 0.0, np.clip(moved * gain, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("dx", "dy", "gain"),
    [
        (0.0, 0.0, 1.0),  # nothing moves
        (0.4, -0.3, 1.0),  # less than a pixel
        (5.5, 3.25, 1.0),
        (-18.0, 11.0, 1.0),  # further than the window is wide
        (3.0, 2.0, 0.85),  # and it gets darker
    ],
)
def test_textures_are_carried_to_a_fifth_of_a_pixel(dx, dy, gain):
    start = np.array([200.0, 150.0])
    before = shifted(0, 0)
    [moved] = carry(before, shifted(dx, dy, gain), [take_up(before, start)])
    assert moved is not None
    assert np.abs(moved.xy - start - (dx, dy)).max() < 0.2


def test_a_point_that_leaves_the_frame_is_lost():
    before = shifted(0, 0)
    assert carry(before, shifted(-8, 0), [take_up(before, np.array([5.0, 150.0]))]) == [None]


def test_a_point_is_lost_when_something_else_lies_there():
    before = shifted(0, 0)
    covered = before.rgb.copy()
    covered[100:200, 150:250] = (250, 30, 30)
    after = FlowFrame.of(1, 0.1, covered)
    assert carry(before, after, [take_up(before, np.array([200.0, 150.0]))]) == [None]


def test_no_points_are_no_work():
    assert carry(shifted(0, 0), shifted(1, 1), []) == []


@pytest.mark.parametrize("xy", [(-3.0, 5.0), (400.0, 300.0), (0.0, 0.0), (399.9, 299.9)])
def test_points_on_and_beyond_the_edge_can_be_taken_up(xy):
    taken = take_up(shifted(0, 0), np.array(xy))
    assert (taken.xy >= 0).all()
    assert (taken.xy < (400, 300)).all()


def test_a_plain_disc_does_not_drift_over_many_frames():
    def frame(index):
        picture = NOISE.copy()
        x = round((60 + 1.3 * index - 0.5) * 16)
        cv2.circle(picture, (x, 150 * 16), 14 * 16, (240, 20, 20), -1, cv2.LINE_AA, shift=4)
        return FlowFrame.of(index, index / 30, picture)

    frames = [frame(index) for index in range(150)]
    point = take_up(frames[0], np.array([60.0, 150.5]))
    for before, after in itertools.pairwise(frames):
        [point] = carry(before, after, [point])
    assert np.abs(point.xy - (60 + 1.3 * 149, 150.5)).max() < 0.5


def test_large_frames_are_scaled_down_and_small_ones_copied():
    large = FlowFrame.of(0, 0.0, np.zeros((1080, 1920, 3), np.uint8))
    assert large.rgb.shape == (360, 640, 3)
    assert large.scale == pytest.approx([1 / 3, 1 / 3])
    picture = np.zeros((48, 64, 3), np.uint8)
    small = FlowFrame.of(0, 0.0, picture)
    picture[:] = 9
    assert not small.rgb.any()


DISC = (70.5, 60.5)  # centre of a disc with a radius of 16 pixels


def disc(*, hidden_to: int = 0) -> FlowFrame:
    """A disc on grey, of which the columns up to one are hidden."""
    picture = np.full((120, 160, 3), 128, np.uint8)
    cv2.circle(picture, (70, 60), 16, (210, 40, 30), -1)
    picture[:, :hidden_to] = (90, 110, 100)
    return FlowFrame.of(0, 0.0, picture)


LOST = take_up(disc(), np.array([75.5, 56.5]))  # the disc, by a point beside its middle


@pytest.mark.parametrize(("around", "reach"), [((75.5, 56.5), 12.0), ((85.0, 66.0), 24.0)])
def test_a_thing_that_is_seen_whole_again_has_its_point_where_it_was(around, reach):
    found = find_again(disc(), LOST, np.array(around), reach, [])
    assert found.xy == pytest.approx((75.5, 56.5), abs=0.5)


def test_half_of_a_thing_is_enough_to_find_it_again_on_what_is_seen_of_it():
    found = find_again(disc(hidden_to=70), LOST, np.array([75.5, 56.5]), 24.0, [])
    assert found.xy[0] > 70
    assert np.linalg.norm(found.xy - DISC) < 16


def test_a_thing_is_not_found_again_where_there_is_none():
    nothing, other = disc(hidden_to=90), take_up(disc(), np.array(DISC))
    assert find_again(nothing, LOST, np.array([75.5, 56.5]), 24.0, []) is None
    assert find_again(disc(), LOST, np.array([140.0, 56.5]), 24.0, []) is None  # it is elsewhere
    assert find_again(disc(), LOST, np.array([75.5, 56.5]), 12.0, [other]) is None  # or known already
    assert find_again(disc(), LOST, np.array([-500.0, 900.0]), 24.0, []) is None


@pytest.mark.parametrize("radius", [4.0, 9.3, 16.0])
def test_many_looks_at_once_are_those_one_by_one(radius):
    picture = shifted(0, 0).rgb
    like = look(picture, np.array([200.5, 150.5]), radius, brightness=120)
    places, alike = likeness_around(
        picture, like, np.array([204.0, 147.0]), radius, 2 * radius, brightness=120
    )
    assert places.shape == (*alike.shape, 2)
    one_by_one = [likeness(like, look(picture, xy, radius, brightness=120)) for xy in places.reshape(-1, 2)]
    assert alike.ravel() == pytest.approx(one_by_one, abs=0.1)


def test_the_buffer_thins_out_and_keeps_both_ends():
    buffer = FrameBuffer(capacity=8)
    picture = np.zeros((8, 8, 3), np.uint8)
    for number in range(100):
        buffer.append(FlowFrame.of(number, number / 30, picture))
        assert len(buffer) <= 8
    numbers = [frame.number for frame in buffer.after(-1)]
    assert numbers == sorted(numbers)
    assert (numbers[0], numbers[-1]) == (0, 99)
    buffer.forget_before(99)
    assert [frame.number for frame in buffer.after(-1)] == [99]


def test_flood_finds_what_hangs_together():
    picture = np.full((40, 60, 3), 200, np.uint8)
    picture[10:30, 5:25] = picture[10:30, 35:55] = (30, 60, 90)
    mask, left, top = flood(picture, np.array([15.5, 20.5]))
    assert (left, top, mask.shape) == (0, 0, (40, 60))
    assert mask.sum() == pytest.approx(20 * 20, abs=8)  # the median filter rounds corners
    part, left, top = flood(picture, np.array([15.5, 20.5]), reach=4)
    assert (part.all(), part.shape, left, top) == (True, (9, 9), 11, 16)
