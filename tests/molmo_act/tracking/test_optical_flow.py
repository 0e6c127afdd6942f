"""Flow propagates points over textured and plain objects, and says when it cannot."""

from __future__ import annotations

import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest

from molmo_act.tracking.frame_buffer import FlowFrame
from molmo_act.tracking.optical_flow import init_point, propagate, reacquire

NOISE = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (300, 400, 3)).astype(np.uint8), (7, 7), 2)


def shifted(dx: float, dy: float, gain: float = 1.0) -> FlowFrame:
    """A textured image moved by a fraction of pixels, and lit differently."""
    moved = cv2.warpAffine(
        NOISE, np.array([[1, 0, dx], [0, 1, dy]], float), (400, 300), borderMode=cv2.BORDER_REFLECT
    )
    return FlowFrame.from_image(0, 0.0, np.clip(moved * gain, 0, 255).astype(np.uint8))


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
def test_textures_are_propagated_to_a_fifth_of_a_pixel(dx, dy, gain):
    start = np.array([200.0, 150.0])
    before = shifted(0, 0)
    [moved] = propagate(before, shifted(dx, dy, gain), [init_point(before, start)])
    assert moved is not None
    assert np.abs(moved.xy - start - (dx, dy)).max() < 0.2


def test_a_point_that_leaves_the_frame_is_lost():
    before = shifted(0, 0)
    assert propagate(before, shifted(-8, 0), [init_point(before, np.array([5.0, 150.0]))]) == [None]


def test_a_point_is_lost_when_something_else_lies_there():
    before = shifted(0, 0)
    covered = before.rgb.copy()
    covered[100:200, 150:250] = (250, 30, 30)
    after = FlowFrame.from_image(1, 0.1, covered)
    assert propagate(before, after, [init_point(before, np.array([200.0, 150.0]))]) == [None]


def test_no_points_are_no_work():
    assert propagate(shifted(0, 0), shifted(1, 1), []) == []


@pytest.mark.parametrize("xy", [(-3.0, 5.0), (400.0, 300.0), (0.0, 0.0), (399.9, 299.9)])
def test_points_on_and_beyond_the_edge_can_be_initialised(xy):
    taken = init_point(shifted(0, 0), np.array(xy))
    assert (taken.xy >= 0).all()
    assert (taken.xy < (400, 300)).all()


def test_a_plain_disc_does_not_drift_over_many_frames():
    def frame(index):
        image = NOISE.copy()
        x = round((60 + 1.3 * index - 0.5) * 16)
        cv2.circle(image, (x, 150 * 16), 14 * 16, (240, 20, 20), -1, cv2.LINE_AA, shift=4)
        return FlowFrame.from_image(index, index / 30, image)

    frames = [frame(index) for index in range(150)]
    point = init_point(frames[0], np.array([60.0, 150.5]))
    for before, after in itertools.pairwise(frames):
        [point] = propagate(before, after, [point])
    assert np.abs(point.xy - (60 + 1.3 * 149, 150.5)).max() < 0.5


DISC = (70.5, 60.5)  # centre of a disc with a radius of 16 pixels


def disc(*, hidden_to: int = 0) -> FlowFrame:
    """A disc on grey, of which the columns up to one are hidden."""
    image = np.full((120, 160, 3), 128, np.uint8)
    cv2.circle(image, (70, 60), 16, (210, 40, 30), -1)
    image[:, :hidden_to] = (90, 110, 100)
    return FlowFrame.from_image(0, 0.0, image)


LOST = init_point(disc(), np.array([75.5, 56.5]))  # the disc, by a point beside its middle


@pytest.mark.parametrize(("around", "reach"), [((75.5, 56.5), 12.0), ((85.0, 66.0), 24.0)])
def test_an_object_that_is_visible_again_has_its_point_where_it_was(around, reach):
    found = reacquire(disc(), LOST, np.array(around), reach, [])
    assert found.xy == pytest.approx((75.5, 56.5), abs=0.5)


def test_half_of_an_object_is_enough_to_reacquire_it_on_its_visible_part():
    found = reacquire(disc(hidden_to=70), LOST, np.array([75.5, 56.5]), 24.0, [])
    assert found.xy[0] > 70
    assert np.linalg.norm(found.xy - DISC) < 16


def test_an_object_is_not_reacquired_where_there_is_none():
    nothing, other = disc(hidden_to=90), init_point(disc(), np.array(DISC))
    assert reacquire(nothing, LOST, np.array([75.5, 56.5]), 24.0, []) is None
    assert reacquire(disc(), LOST, np.array([140.0, 56.5]), 24.0, []) is None  # it is elsewhere
    assert reacquire(disc(), LOST, np.array([75.5, 56.5]), 12.0, [other]) is None  # or known already
    assert reacquire(disc(), LOST, np.array([-500.0, 900.0]), 24.0, []) is None


def box_frame(shift: tuple[float, float] = (0, 0), *, noise: int = 0) -> FlowFrame:
    """A plain box of 200 × 150 on plain grey, 640 × 480."""
    image = np.full((480, 640, 3), 125, np.uint8)
    x, y = (round(value) for value in shift)
    image[165 + y : 315 + y, 220 + x : 420 + x] = (200, 40, 40)
    if noise:
        image = cv2.add(image, np.random.default_rng(x).normal(0, noise, image.shape), dtype=cv2.CV_8U)
    return FlowFrame.from_image(0, 0.0, image)


# Each row: where on the box or on the ground beside it, in pixels.
PLAIN = [(320.0, 240.0), (230.0, 175.0), (400.0, 300.0), (20.0, 20.0), (600.0, 240.0)]


@pytest.mark.parametrize("xy", PLAIN)
@pytest.mark.parametrize("noise", [0, 5])
def test_a_point_of_something_plain_stays_where_nothing_moves(xy, noise):
    point = init_point(box_frame(noise=noise), np.array(xy))
    for _ in range(10):
        [point] = propagate(box_frame(), box_frame(noise=noise), [point])
    assert np.abs(point.xy - xy).max() < 0.5


@pytest.mark.parametrize("xy", PLAIN[:3])
@pytest.mark.parametrize("noise", [0, 5])
def test_a_point_of_a_large_plain_box_moves_with_it(xy, noise):
    point = init_point(box_frame(), np.array(xy))
    for step in range(1, 16):
        [point] = propagate(
            box_frame((3 * step - 3, 2 * step - 2), noise=noise),
            box_frame((3 * step, 2 * step), noise=noise),
            [point],
        )
    assert np.abs(point.xy - xy - (45, 30)).max() < 0.7


def test_a_whole_plain_box_moves_with_its_centre_although_flow_is_that_of_the_ground():
    def shown(step):
        image = NOISE.copy()
        image[100 + 3 * step : 140 + 3 * step, 100 + 4 * step : 155 + 4 * step] = (200, 30, 30)
        return FlowFrame.from_image(0, 0.0, image)

    point = init_point(shown(0), np.array([120.0, 110.0]))
    for step in range(1, 16):
        [point] = propagate(shown(step - 1), shown(step), [point])
    assert np.abs(point.xy - (120 + 60, 110 + 45)).max() < 1


def test_of_equal_positions_the_nearest_is_taken():
    wall = FlowFrame.from_image(0, 0.0, np.full((240, 320, 3), (200, 40, 40), np.uint8))
    xy = np.array([160.0, 120.0])
    lost = replace(init_point(wall, xy), rim=None)  # as if its texture had been seen when it was grounded
    assert reacquire(wall, lost, xy, 48.0, []).xy.tolist() == xy.tolist()
    assert reacquire(wall, init_point(wall, xy), xy, 48.0, []).xy.tolist() == xy.tolist()


def test_a_large_plain_box_that_was_covered_is_found_where_it_has_moved_to():
    lost = init_point(box_frame(), np.array([300.0, 200.0]))
    covered = np.full((480, 640, 3), 125, np.uint8)
    covered[:, 100:500] = (30, 120, 60)
    hidden = FlowFrame.from_image(0, 0.0, covered)
    assert propagate(box_frame(), hidden, [lost]) == [None]
    assert reacquire(hidden, lost, lost.xy, 48.0, []) is None
    found = reacquire(box_frame((12, -9)), lost, lost.xy, 48.0, [])
    assert np.abs(found.xy - (312, 191)).max() < 0.5
    assert reacquire(box_frame((12, -9)), lost, lost.xy, 48.0, [found]) is None  # it is another one


def corner_box(rng, ground, left, top, noise) -> FlowFrame:
    """A plain box that is cut off by the corner of a frame of 160 × 120; it ends at fractions of pixels."""
    columns, rows = (np.clip(end - np.arange(size), 0, 1) for end, size in ((left, 160), (top, 120)))
    alpha = (rows[:, None] * columns)[..., None]
    image = ground * (1 - alpha) + np.array((200, 40, 40)) * alpha + rng.normal(0, 1, ground.shape) * noise
    return FlowFrame.from_image(0, 0.0, np.clip(image + 0.5, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(("speed", "noise"), [(0, 0), (0, 3), (1, 0), (1, 3), (3, 3)])
@pytest.mark.parametrize("seed", range(4))
def test_a_point_stays_on_a_small_plain_thing_at_the_corner(seed, speed, noise):
    """It shows so little of its rim that each frame may look for more, and at times too little of it."""
    rng = np.random.default_rng(seed)
    ground = np.kron(rng.uniform(60, 200, (15, 20, 3)), np.ones((8, 8, 1)))
    left, top = rng.uniform(12.5, 14.0), rng.uniform(9.5, 11.0)
    before = corner_box(rng, ground, left, top, noise)
    point, errors = init_point(before, np.array([4.0, 3.5])), []
    for index in range(1, 60):
        shift = [0, speed, 0, -speed][index % 4]
        after = corner_box(rng, ground, left + shift, top + shift, noise)
        [point] = propagate(before, after, [point])
        if point is None:  # rather lost than elsewhere: at times ten by seven pixels of it are left
            assert speed == 3
            break
        errors.append(np.linalg.norm(point.xy - (4.0 + shift, 3.5 + shift)))
        before = after
    assert np.median(errors) < 1
    assert speed or max(errors) < 0.5


def follows(draw, count: int, xy: tuple[float, float], *, noise: float = 0.0):
    """Where a point is on images that `draw` draws on grey; None once it is lost."""
    rng = np.random.default_rng(4)

    def frame(index):
        image = np.full((480, 640, 3), 128, np.uint8)
        draw(image, index)
        image = np.clip(image + rng.normal(0, 1, image.shape) * noise, 0, 255).astype(np.uint8)
        return FlowFrame.from_image(index, index / 30, image)

    before = frame(0)
    point, places = init_point(before, np.array(xy)), []
    for index in range(1, count):
        after = frame(index)
        if point is not None:
            [point] = propagate(before, after, [point])
        places.append(None if point is None else point.xy)
        before = after
    return places


def paint(image, left, top, width, height, colour=(200, 40, 40)):
    ends = np.maximum(np.rint([top, top + height, left, left + width]).astype(int), 0)
    image[ends[0] : ends[1], ends[2] : ends[3]] = colour


@pytest.mark.parametrize("speed", [13, 25, 40])
def test_a_large_plain_box_that_is_fast_is_followed(speed):
    places = follows(lambda image, i: paint(image, 20 + speed * i, 165, 200, 150), 10, (120, 240))
    assert np.abs(np.array(places)[:, 0] - 120 - speed * np.arange(1, 10)).max() < 0.5


@pytest.mark.parametrize("contrast", [15, 20, 25])
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_a_plain_box_of_little_contrast_is_followed(contrast, noise):
    colour = (128 + contrast,) * 3
    places = follows(
        lambda image, i: paint(image, 20 + 3 * i, 165, 200, 150, colour), 30, (120, 240), noise=noise
    )
    assert np.abs(np.array(places)[:, 0] - 120 - 3 * np.arange(1, 30)).max() < 1


def test_shade_on_a_plain_box_does_not_end_it():
    shade = np.linspace(140, 220, 200).astype(np.uint8)[None, :, None]

    def draw(image, i):
        image[:] = (20, 20, 60)
        image[165:315, 20 + 3 * i : 220 + 3 * i] = shade

    places = follows(draw, 30, (120, 240))
    assert np.abs(np.array(places)[:, 0] - 120 - 3 * np.arange(1, 30)).max() < 1


@pytest.mark.parametrize("grown", [0.5, 1.0, 2.0, -1.0])
def test_a_plain_box_that_comes_nearer_or_goes_away_keeps_its_point(grown):
    def draw(image, i):
        paint(image, 200 - grown * i, 150 - 0.75 * grown * i, 240 + 2 * grown * i, 180 + 1.5 * grown * i)

    places = follows(draw, 40, (320, 240))
    assert np.abs(np.array(places) - (320, 240)).max() < 1.1  # it ends at whole pixels


@pytest.mark.parametrize("speed", [1, 2, 4])
def test_a_plain_box_that_goes_behind_a_pillar_is_followed_or_lost(speed):
    def draw(image, i):
        paint(image, 20 + speed * i, 165, 150, 150)
        paint(image, 200, 0, 60, 480, (30, 30, 200))

    places = follows(draw, 160 // speed, (95, 240))
    wrong = [abs(xy[0] - 95 - speed * i) for i, xy in enumerate(places, 1) if xy is not None]
    assert max(wrong) < 2.1
    assert len(wrong) * speed > 30  # until its front is behind the pillar


def test_a_point_that_leaves_the_frame_with_its_plain_thing_is_lost_at_once():
    places = follows(lambda image, i: paint(image, 100 - 17 * i, 165, 200, 150), 20, (200, 240))
    assert [xy is not None for xy in places] == [17 * i < 200 for i in range(1, 20)]
    assert all(abs(xy[0] - 200 + 17 * i) < 1 for i, xy in enumerate(places, 1) if xy is not None)
