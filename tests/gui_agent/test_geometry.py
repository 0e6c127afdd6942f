"""Round trips between pixels of a screenshot and input points, on every kind of monitor we can think of."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gui_agent.geometry import Area, ScreenView, input_area
from molmo_act.errors import InputError, PlatformError
from tests.support.screen_views import SCREEN_VIEWS


@pytest.mark.parametrize("view", SCREEN_VIEWS)
def test_pixels_to_input_and_back(view: ScreenView) -> None:
    generator = np.random.default_rng(0)
    for x, y in generator.uniform((0, 0), view.size, (500, 2)):
        assert view.to_pixels(*view.to_input(x, y)) == pytest.approx((x, y), abs=1e-6)


@pytest.mark.parametrize("view", SCREEN_VIEWS)
def test_mouse_point_covers_the_pixel_and_lies_on_the_screen(view: ScreenView) -> None:
    generator = np.random.default_rng(1)
    corners = [(0, 0), view.size, (view.size[0], 0), (0, view.size[1]), (0.5, 0.5)]
    for x, y in [*corners, *generator.uniform((0, 0), view.size, (500, 2))]:
        mouse = view.mouse_point(x, y)
        middle = view.to_pixels(mouse[0] + 0.5, mouse[1] + 0.5)
        assert abs(middle[0] - x) <= view.scale[0] / 2 + 1e-6 or x == view.size[0]
        assert abs(middle[1] - y) <= view.scale[1] / 2 + 1e-6 or y == view.size[1]
        assert math.floor(view.area.left) <= mouse[0] < view.area.left + view.area.width
        assert math.floor(view.area.top) <= mouse[1] < view.area.top + view.area.height


@pytest.mark.parametrize("view", SCREEN_VIEWS[:6])  # those whose scale and origin give whole mouse points
def test_each_mouse_point_comes_back_from_its_own_middle(view: ScreenView) -> None:
    left, top = int(view.area.left), int(view.area.top)
    right, bottom = left + int(view.area.width), top + int(view.area.height)
    for mouse in [(left, top), (right - 1, bottom - 1), (left + 17, top + 31), (right - 3, top)]:
        assert view.mouse_point(*view.to_pixels(mouse[0] + 0.5, mouse[1] + 0.5)) == mouse


OUTSIDE = [
    (-0.1, 5),  # left of it
    (5, 1081),  # below it
    (math.nan, 5),  # nowhere
    (math.inf, 5),  # far away
]


@pytest.mark.parametrize(("x", "y"), OUTSIDE)
def test_a_place_outside_is_refused(x: float, y: float) -> None:
    with pytest.raises(InputError, match="outside the screenshot of 1920×1080"):
        SCREEN_VIEWS[0].mouse_point(x, y)


INPUT_AREAS = [
    # one monitor, counted alike
    (Area(0, 0, 1920, 1080), [Area(0, 0, 1920, 1080)], (1920, 1080), Area(0, 0, 1920, 1080)),
    # capture counts physical pixels, input is scaled by 1.25
    (Area(0, 0, 1920, 1080), [Area(0, 0, 1920, 1080)], (1536, 864), Area(0, 0, 1536, 864)),
    # 1366 / 1.25 is not whole, so the input size is rounded
    (Area(0, 0, 1366, 768), [Area(0, 0, 1366, 768)], (1092, 614), Area(0, 0, 1092, 614)),
    # X11: the input size is that of the whole desktop
    (
        Area(1920, 0, 1280, 1080),
        [Area(0, 0, 3200, 1080), Area(0, 0, 1920, 1080), Area(1920, 0, 1280, 1080)],
        (3200, 1080),
        Area(1920, 0, 1280, 1080),
    ),
    # Windows: the input size is that of the primary monitor, another lies left of it, scale 2
    (
        Area(-3840, 0, 3840, 2160),
        [Area(-3840, 0, 7680, 2160), Area(0, 0, 3840, 2160), Area(-3840, 0, 3840, 2160)],
        (1920, 1080),
        Area(-1920, 0, 1920, 1080),
    ),
]


@pytest.mark.parametrize(("area", "monitors", "input_size", "expected"), INPUT_AREAS)
def test_capture_units_become_input_points(
    area: Area, monitors: list[Area], input_size: tuple[int, int], expected: Area
) -> None:
    found = input_area(area, monitors, input_size)
    values = (found.left, found.top, found.width, found.height)
    assert values == pytest.approx((expected.left, expected.top, expected.width, expected.height), abs=1)


def test_two_libraries_on_different_screens_are_noticed() -> None:
    with pytest.raises(PlatformError, match="disagree about the screen: input spans 800×800"):
        input_area(Area(0, 0, 1920, 1080), [Area(0, 0, 1920, 1080)], (800, 800))


def test_areas() -> None:
    area = Area(10, 20, 30, 40)
    assert area.middle == (25, 40)
    assert area.covers(10, 20)
    assert not area.covers(40, 30)  # the right edge does not belong to it
    assert area.shared_with(Area(0, 0, 15, 100)) == Area(10, 20, 5, 40)
    assert area.shared_with(Area(40, 20, 5, 5)) is None  # they only touch
    assert str(Area(-1.5, 0, 2, 3)) == "2×3 at (-1.5, 0)"
    for width, height in ((0, 5), (5, -1)):
        with pytest.raises(InputError, match="positive width and height"):
            Area(0, 0, width, height)
