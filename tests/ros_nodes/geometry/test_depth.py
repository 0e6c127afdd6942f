"""Depth of pixels against scenes whose depth is known from geometry: a plane, a sphere, a step."""

from __future__ import annotations

import array

import numpy as np
import pytest

pytest.importorskip("sensor_msgs", reason="needs the extra ros")
from molmo_act_ros.geometry.depth import DepthImage, DepthLimits, NoDepthError
from sensor_msgs.msg import Image

from molmo_act.errors import ImageError

WIDTH, HEIGHT, FOCAL = 640, 480, 600.0
LIMITS = DepthLimits(radius=4, nearest=0.1, farthest=10.0, edge=0.02)


def rays(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Directions with z = 1 of pixels, centres at whole numbers."""
    return np.stack([(u + 0.5 - WIDTH / 2) / FOCAL, (v + 0.5 - HEIGHT / 2) / FOCAL, np.ones_like(u)], axis=-1)


def plane(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Metres to a plane through (0, 0, 1), turned by 50° about one axis and 20° about the other."""
    normal = np.array([np.tan(np.radians(50)), np.tan(np.radians(20)), 1.0])
    return 1.0 / (rays(u, v) @ normal)


def sphere(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Metres to a sphere of 0.25 m around (0, 0, 1.25); NaN beside it."""
    direction, centre, radius = rays(u, v), np.array([0, 0, 1.25]), 0.25
    a, b = (direction**2).sum(-1), direction @ centre
    under = b**2 - a * (centre @ centre - radius**2)
    return np.where(under >= 0, (b - np.sqrt(np.maximum(under, 0))) / a, np.nan)


def image_of(scene) -> np.ndarray:
    u, v = np.meshgrid(np.arange(float(WIDTH)), np.arange(float(HEIGHT)))
    return scene(u, v)


def message(metres: np.ndarray, encoding: str = "32FC1", big_endian: bool = False, padding: int = 0) -> Image:
    number = {"32FC1": "f4", "16UC1": "u2"}[encoding]
    numbers = metres if encoding == "32FC1" else np.nan_to_num(np.round(metres * 1000))
    rows = numbers.astype(f"{'>' if big_endian else '<'}{number}").view(np.uint8).reshape(len(metres), -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=77)
    sent = Image(height=metres.shape[0], width=metres.shape[1], encoding=encoding, step=rows.shape[1])
    sent.is_bigendian, sent.data = int(big_endian), array.array("B", rows.tobytes())
    return sent


def errors_mm(scene, metres: np.ndarray, uv: np.ndarray, **how) -> np.ndarray:
    depth = DepthImage(message(metres, **how))
    found = np.array([depth.measure(u, v, LIMITS).metres for u, v in uv])
    return 1000 * (found - scene(*uv.T))


def places(scene, margin: float = 0.0) -> np.ndarray:
    """Random places in the image, not only pixel centres, or well within the sphere."""
    uv = np.random.default_rng(3).uniform((20, 20), (WIDTH - 20, HEIGHT - 20), (400, 2))
    if scene is plane:
        return uv
    far = np.hypot(*(uv - (WIDTH / 2, HEIGHT / 2)).T)
    silhouette = FOCAL * 0.25 / np.sqrt(1.25**2 - 0.25**2)
    return uv[far < margin * silhouette]


@pytest.mark.parametrize(("scene", "margin"), [(plane, 1.0), (sphere, 0.8)])
def test_without_noise_it_is_right_to_a_millimetre_at_a_metre(scene, margin):
    errors = errors_mm(scene, image_of(scene), places(scene, margin))
    assert len(errors) > 30
    assert np.abs(errors).max() < (1e-3 if scene is plane else 1.0)  # a plane is exact but for float32


def test_millimetres_cost_less_than_one():
    errors = errors_mm(plane, image_of(plane), places(plane), encoding="16UC1", padding=6, big_endian=True)
    assert np.abs(errors).max() < 1.0


@pytest.mark.parametrize(("scene", "margin"), [(plane, 1.0), (sphere, 0.7)])
def test_a_third_missing_and_wild_values_do_not_matter(scene, margin):
    rng = np.random.default_rng(7)
    metres = image_of(scene)
    metres[rng.random(metres.shape) < 0.3] = np.nan
    wild = rng.random(metres.shape) < 0.05
    metres[wild] = rng.uniform(2, 9, wild.sum())
    assert np.abs(errors_mm(scene, metres, places(scene, margin))).max() < 2.0


def test_noise_averages_out_and_is_told():
    rng = np.random.default_rng(5)
    metres = image_of(plane) + rng.normal(0, 0.004, (HEIGHT, WIDTH))
    uv = places(plane)
    depth = DepthImage(message(metres))
    measured = [depth.measure(u, v, LIMITS) for u, v in uv]
    errors = np.array([m.metres for m in measured]) - plane(*uv.T)
    assert np.std(errors) < 0.002, "a window of 81 pixels is better than one"
    told = np.median([m.deviation for m in measured])
    assert 0.003 < told < 0.005, "the deviation of a pixel"


@pytest.mark.parametrize(
    "offset", [-6, -2, 0, 1, 2]
)  # pixels from the edge of the near thing, positive: beside it
def test_at_an_edge_the_near_thing_counts_and_never_a_mean(offset):
    metres = np.full((HEIGHT, WIDTH), 1.5)
    metres[:, :100] = 0.8  # the near thing ends at u = 99.5
    metres[:, 99:101] = np.linspace(0.8, 1.5, 4)[1:3]  # flying pixels, as real cameras make them
    measured = DepthImage(message(metres)).measure(98.0 + offset, 120.0, LIMITS)
    assert measured.metres == pytest.approx(0.8, abs=1e-6)


def test_a_few_near_pixels_are_no_thing():
    metres = np.full((HEIGHT, WIDTH), 1.5)
    metres[118:120, 158:160] = 0.5  # dust
    assert DepthImage(message(metres)).measure(160.0, 120.0, LIMITS).metres == pytest.approx(1.5)


def test_at_the_border_of_the_image_there_is_a_window_too():
    uv = np.array([[-0.3, -0.3], [WIDTH - 0.6, HEIGHT - 0.6], [0.0, HEIGHT / 2]])
    assert np.abs(errors_mm(plane, image_of(plane), uv)).max() < 1e-3


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.nan, "missing"),
        (np.inf, "out of range"),  # too far, by REP 118
        (-np.inf, "out of range"),  # too near
        (0.05, "out of range"),
        (11.0, "out of range"),
    ],
)
def test_why_there_is_no_depth(value, reason):
    metres = image_of(plane)
    metres[200:280, 280:360] = value
    with pytest.raises(NoDepthError, match=reason):
        DepthImage(message(metres)).measure(320.0, 240.0, LIMITS)


def test_steps_of_another_unit_are_metres_too():
    depth = DepthImage(message(np.full((HEIGHT, WIDTH), 8.0), "16UC1"), unit=0.00025)  # as of an L515
    assert depth.measure(320.0, 240.0, LIMITS).metres == pytest.approx(2.0)


def test_zero_millimetres_and_places_outside_are_missing():
    depth = DepthImage(message(np.zeros((HEIGHT, WIDTH)), "16UC1"))
    for u, v in [(160.0, 120.0), (-3.0, 5.0), (WIDTH - 0.4, 5.0), (5.0, -0.6), (np.nan, 5.0), (5.0, np.inf)]:
        with pytest.raises(NoDepthError, match="missing"):
            depth.measure(u, v, LIMITS)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"encoding": "rgb8"}, "encoding 'rgb8'; expected 16UC1"),
        ({"step": 5}, "step 5"),
        ({"data": array.array("B")}, "0 bytes"),
    ],
)
def test_what_is_no_depth_image_is_refused(fields, told):
    sent = message(image_of(plane))
    for name, value in fields.items():
        setattr(sent, name, value)
    with pytest.raises(ImageError) as caught:
        DepthImage(sent)
    assert told in str(caught.value)


@pytest.mark.parametrize("hole", [0.0, -0.0])
def test_a_hole_is_no_measurement_even_where_every_depth_is_believed(hole):
    everything = DepthLimits(radius=4, nearest=0.0, farthest=10.0, edge=0.02)
    metres = np.full((20, 20), hole)
    with pytest.raises(NoDepthError, match="missing"):
        DepthImage(message(metres)).measure(10, 10, everything)
    metres[:, 10:] = 2.0
    measured = DepthImage(message(metres)).measure(10, 10, everything)
    assert (measured.metres, measured.deviation) == pytest.approx((2.0, 0.0))
