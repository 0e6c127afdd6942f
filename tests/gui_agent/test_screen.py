"""Round trips between pixels of a screenshot and input points, on every kind of monitor we can think of."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gui_agent.screen import Area, Screenshot, View, input_area
from molmo_act.errors import InputError, PlatformError

VIEWS = [
    View((1920, 1080), Area(0, 0, 1920, 1080)),  # plain
    View((2560, 1600), Area(0, 0, 1280, 800)),  # scale 2
    View((1920, 1080), Area(0, 0, 1536, 864)),  # scale 1.25
    View((1920, 1080), Area(1920, 0, 1920, 1080)),  # second monitor on the right
    View((2560, 1600), Area(-1280, -800, 1280, 800)),  # scale 2, up and left of the origin
    View((1920, 1080), Area(-1536, 216, 1536, 864)),  # scale 1.25, left of the origin
    View((1366, 768), Area(1092.8, 0, 1092.8, 614.4)),  # scale 1.25, an origin between input points
    View((801, 601), Area(0, 0, 1602, 1202)),  # fewer pixels than input points
    View((1, 1), Area(5, 7, 1, 1)),  # a single pixel
]


@pytest.mark.parametrize("view", VIEWS)
def test_pixels_to_input_and_back(view: View) -> None:
    generator = np.random.default_rng(0)
    for x, y in generator.uniform((0, 0), view.size, (500, 2)):
        assert view.to_pixels(*view.to_input(x, y)) == pytest.approx((x, y), abs=1e-6)


@pytest.mark.parametrize("view", VIEWS)
def test_mouse_point_covers_the_pixel_and_lies_on_the_screen(view: View) -> None:
    generator = np.random.default_rng(1)
    corners = [(0, 0), view.size, (view.size[0], 0), (0, view.size[1]), (0.5, 0.5)]
    for x, y in [*corners, *generator.uniform((0, 0), view.size, (500, 2))]:
        mouse = view.mouse_point(x, y)
        middle = view.to_pixels(mouse[0] + 0.5, mouse[1] + 0.5)
        assert abs(middle[0] - x) <= view.scale[0] / 2 + 1e-6 or x == view.size[0]
        assert abs(middle[1] - y) <= view.scale[1] / 2 + 1e-6 or y == view.size[1]
        assert math.floor(view.area.left) <= mouse[0] < view.area.left + view.area.width
        assert math.floor(view.area.top) <= mouse[1] < view.area.top + view.area.height


@pytest.mark.parametrize("view", VIEWS[:6])  # those whose scale and origin give whole mouse points
def test_each_mouse_point_comes_back_from_its_own_middle(view: View) -> None:
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
        VIEWS[0].mouse_point(x, y)


@pytest.mark.parametrize("view", VIEWS[:8])
def test_a_place_is_the_same_on_the_whole_and_on_a_part(view: View) -> None:
    whole = Screenshot(np.zeros((view.size[1], view.size[0], 4), np.uint8), view, time=0.0)
    generator = np.random.default_rng(2)
    for _ in range(100):
        (left, top), (right, bottom) = np.sort(generator.uniform((0, 0), view.size, (2, 2)), axis=0)
        corner, end = view.to_input(left, top), view.to_input(right, bottom)
        part = whole.crop(Area(*corner, end[0] - corner[0], end[1] - corner[1]))
        assert part.bgrx.shape[:2] == part.view.size[::-1]
        x, y = generator.uniform((0, 0), part.view.size)
        place = part.view.to_input(x, y)
        assert view.to_pixels(*place) == pytest.approx(
            (x + math.floor(left + 1e-6), y + math.floor(top + 1e-6)), abs=1e-6
        )
        assert part.view.to_pixels(*place) == pytest.approx((x, y), abs=1e-6)
        assert part.view.mouse_point(x, y) == view.mouse_point(*view.to_pixels(*place))


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


def test_a_screenshot_is_written_and_a_bad_path_is_one_error(tmp_path) -> None:
    bgrx = np.zeros((2, 3, 4), np.uint8)
    bgrx[0, 0] = (0, 0, 255, 0)
    shot = Screenshot(bgrx, View((3, 2), Area(0, 0, 3, 2)), time=0.0)
    shot.save(tmp_path / "shot.png")
    from PIL import Image

    with Image.open(tmp_path / "shot.png") as picture:
        assert picture.getpixel((0, 0)) == (255, 0, 0)
    for path in (tmp_path / "missing" / "shot.png", tmp_path / "shot.unknown"):
        with pytest.raises(InputError, match="Cannot write"):
            shot.save(path)
