"""The camera: rays and projection undo each other, silhouettes are as large as geometry says."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.rendered3d.camera import Camera, silhouette
from model.data.rendered3d.meshes import bar, round_profile, turned

CAMERA = Camera.looking(np.array([0.1, 0.2, 0.0]), np.array([0.3, -1.0, 0.8]), 250.0, (320, 240), roll=0.1)
LEVEL = Camera.looking(np.zeros(3), np.array([0.0, -2.0, 0.0]), 200.0, (320, 240))


def test_what_it_looks_at_is_in_the_middle():
    pixel, depth = CAMERA.project(np.array([[0.1, 0.2, 0.0]]))
    np.testing.assert_allclose(pixel, [[160, 120]], atol=1e-9)
    np.testing.assert_allclose(depth, [np.linalg.norm([0.2, 1.2, 0.8])])


def test_right_is_right_and_up_is_up():
    pixels, depth = LEVEL.project(np.array([[1.0, 0, 0], [0, 0, 1.0], [0, 2.0, 0.5]]))
    np.testing.assert_allclose(pixels, [[260, 120], [160, 20], [160, 95]])
    np.testing.assert_allclose(depth, [2, 2, 4])


def test_rays_meet_the_ground_where_it_is_seen():
    for x, y in ((10.0, 200.0), (300.0, 130.0), (160.5, 239.5)):
        spot = CAMERA.on_ground(x, y, height=0.05)
        assert spot[2] == pytest.approx(0.05)
        np.testing.assert_allclose(CAMERA.project(spot[None])[0], [[x, y]], atol=1e-6)
    assert LEVEL.on_ground(160, 100) is None  # above the horizon


def test_silhouettes_have_the_size_of_what_they_are_of():
    ball = turned(round_profile(0.5, 1.0, steps=60), 80).moved(z=-0.5)
    found = silhouette(LEVEL, [(ball.vertices, ball.faces)])
    radius = 200 * 0.5 / np.sqrt(2**2 - 0.5**2)  # the cone of tangents
    assert found.area == pytest.approx(np.pi * radius**2, rel=0.02)
    assert found.mask.sum() == pytest.approx(found.area, rel=0.02)
    inside = found.within((320, 240))
    rows, columns = np.nonzero(inside)
    assert (columns.mean(), rows.mean()) == pytest.approx((159.5, 119.5), abs=0.3)


def test_silhouettes_go_on_beyond_the_image():
    block = bar(1, 0.01, 1).moved(x=1.6, z=-0.5)
    found = silhouette(LEVEL, [(block.vertices, block.faces)])
    assert found.area == pytest.approx(100 * 100, rel=0.03)
    assert found.within((320, 240)).sum() == pytest.approx(50 * 100, rel=0.03)
    gone = bar(1, 0.01, 1).moved(x=4)
    assert not silhouette(LEVEL, [(gone.vertices, gone.faces)]).within((320, 240)).any()
