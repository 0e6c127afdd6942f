"""Descriptors of appearance, their similarity, and regions of one colour."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from molmo_act.tracking.appearance import CELLS, appearance_descriptor, flood_fill, similarity, similarity_map

NOISE = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (300, 400, 3)).astype(np.uint8), (7, 7), 2)


def plain(colour, brightness=128):
    image = np.full((20, 20, 3), colour, np.uint8)
    return appearance_descriptor(image, np.array([10.0, 10.0]), 4, brightness=brightness)


RED, BLUE = plain((200, 30, 30)), plain((30, 30, 200))


def test_similarity_of_descriptors():
    assert similarity(RED, RED) == 1
    assert similarity(RED, BLUE) < 0.1
    darker = plain((180, 27, 27))
    assert similarity(RED, darker) > 0.75


def test_a_descriptor_has_its_shape_and_does_not_change_with_exposure():
    assert (RED.shape, RED.dtype) == ((CELLS**2, 3), np.float32)
    # A frame that is half as bright as a whole shows the same object half as bright.
    assert similarity(plain((100, 15, 15), brightness=64), RED) > 0.99


def test_beyond_the_edge_the_pixels_of_the_edge_repeat():
    image = np.full((20, 20, 3), (200, 30, 30), np.uint8)
    corner = appearance_descriptor(image, np.array([0.5, 0.5]), 4, brightness=128)
    assert similarity(corner, RED) == pytest.approx(1)


@pytest.mark.parametrize("radius", [4.0, 9.3, 16.0])
def test_many_looks_at_once_are_those_one_by_one(radius):
    image = NOISE
    like = appearance_descriptor(image, np.array([200.5, 150.5]), radius, brightness=120)
    places, alike = similarity_map(image, like, np.array([204.0, 147.0]), radius, 2 * radius, brightness=120)
    assert places.shape == (*alike.shape, 2)
    one_by_one = [
        similarity(like, appearance_descriptor(image, xy, radius, brightness=120))
        for xy in places.reshape(-1, 2)
    ]
    assert alike.ravel() == pytest.approx(one_by_one, abs=0.1)


def test_flood_finds_what_hangs_together():
    image = np.full((40, 60, 3), 200, np.uint8)
    image[10:30, 5:25] = image[10:30, 35:55] = (30, 60, 90)
    mask, left, top = flood_fill(image, np.array([15.5, 20.5]))
    assert (left, top, mask.shape) == (0, 0, (40, 60))
    assert mask.sum() == pytest.approx(20 * 20, abs=8)  # the median filter rounds corners
    part, left, top = flood_fill(image, np.array([15.5, 20.5]), reach=4)
    assert (part.all(), part.shape, left, top) == (True, (9, 9), 11, 16)
