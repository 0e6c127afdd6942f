"""A map of probabilities becomes boxes in pixels of the image, upright ones and turned ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from molmo_act.reading.atlas import packed
from molmo_act.reading.detection import find_boxes, normalized

IMAGE = np.zeros((200, 300, 3), np.uint8)
[CANVAS] = packed([(0.0, 0.0, 300.0, 200.0)])


def boxes(draw):
    def network(pixels):
        mask = np.zeros(pixels.shape[2:], np.float32)
        draw(mask)
        return mask[None, None]

    return find_boxes(network, IMAGE, CANVAS)


def test_a_core_grows_to_the_line():
    [found] = boxes(lambda mask: cv2.rectangle(mask, (50, 60), (149, 67), 0.9, -1))
    x0, y0, x1, y1 = found.bounds
    assert not found.tilted
    assert 35 < x0 < 50 < 150 < x1 < 165
    assert 50 < y0 < 60 < 68 < y1 < 78


def test_a_turned_sign():
    corners = cv2.boxPoints(((150, 100), (120, 12), 30)).astype(np.int32)
    [found] = boxes(lambda mask: cv2.fillPoly(mask, [corners], 0.9))
    along = found.corners[1] - found.corners[0]
    assert found.tilted
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(30, abs=3)


@pytest.mark.parametrize(
    "draw", [lambda mask: None, lambda mask: cv2.rectangle(mask, (9, 9), (90, 10), 0.9, -1)]
)
def test_nothing_and_thin_lines_are_no_text(draw):
    assert boxes(draw) == []


def test_unsure_marks_are_no_text():
    assert boxes(lambda mask: cv2.rectangle(mask, (50, 60), (149, 67), 0.35, -1)) == []


def test_boxes_do_not_leave_the_image():
    [found] = boxes(lambda mask: cv2.rectangle(mask, (0, 0), (80, 8), 0.9, -1))
    assert found.bounds[:2] == (0, 0)


def test_networks_take_bgr():
    assert normalized(np.array([[[255, 0, 0]]], np.uint8))[:, 0, 0].tolist() == [-1, -1, 1]
