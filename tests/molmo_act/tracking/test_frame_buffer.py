"""Frames for optical flow: their scale and copies; a buffer that stays small."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.tracking.frame_buffer import FlowFrame, FrameBuffer


def test_large_frames_are_scaled_down_and_small_ones_copied():
    large = FlowFrame.from_image(0, 0.0, np.zeros((1080, 1920, 3), np.uint8))
    assert large.rgb.shape == (360, 640, 3)
    assert large.scale == pytest.approx([1 / 3, 1 / 3])
    image = np.zeros((48, 64, 3), np.uint8)
    small = FlowFrame.from_image(0, 0.0, image)
    image[:] = 9
    assert not small.rgb.any()


@pytest.mark.parametrize("size", [(4000, 2), (2, 4000), (1, 1), (641, 7)])
def test_the_scale_of_a_frame_is_that_of_its_whole_pixels(size):
    frame = FlowFrame.from_image(3, 1.5, np.full((size[1], size[0], 3), 80, np.uint8))
    height, width = frame.grey.shape
    assert max(height, width) <= 640
    assert min(height, width) >= 1
    assert frame.scale * size == pytest.approx([width, height])
    assert (frame.number, frame.timestamp, frame.brightness) == (3, 1.5, 80)


def test_the_buffer_thins_out_and_keeps_both_ends():
    buffer = FrameBuffer(capacity=8)
    image = np.zeros((8, 8, 3), np.uint8)
    for number in range(100):
        buffer.append(FlowFrame.from_image(number, number / 30, image))
        assert len(buffer) <= 8
    numbers = [frame.number for frame in buffer.after(-1)]
    assert numbers == sorted(numbers)
    assert (numbers[0], numbers[-1]) == (0, 99)
    buffer.drop_before(99)
    assert [frame.number for frame in buffer.after(-1)] == [99]
