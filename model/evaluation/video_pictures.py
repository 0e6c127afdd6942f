"""Chooses one frame of a video for the page of a report, with what was answered on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from model.evaluation.benchmark import Prediction
from model.evaluation.video_sources import ShownVideo
from molmo_act.io.frames import read_frames
from molmo_act.outputs import rle
from molmo_act.visualize import draw_masks

_LATE = 1e-3  # seconds; times of points are those of frames


def picture_of(video: ShownVideo, prediction: Prediction) -> tuple[np.ndarray, Prediction]:
    """Gives the first frame with an answer, or the first of all.

    Args:
        video: What the model was shown.
        prediction: What it answered: points at times, or masks of every frame, which are drawn.

    Returns:
        uint8 RGB (H, W, 3), in the size in which answers are scored; and the points on this frame.

    Raises:
        InputError: The video cannot be read.
    """
    masks = prediction.extra.get("masks", ())
    masked = next((index for index, counts in enumerate(masks) if counts is not None), None)
    seconds = min((point[1] for point in prediction.points), default=0.0)
    frame = np.zeros((1, 1, 3), np.uint8)
    frames = read_frames(video.source, fps=video.fps, start=video.start, end=video.end)
    for index, (image, shown_at) in enumerate(frames):
        frame = image
        if index == masked if masked is not None else shown_at >= seconds - _LATE:
            break
    if masked is not None:
        mask = rle.decode(masks[masked], tuple(prediction.extra["size"]))
        if mask.shape == frame.shape[:2]:
            frame = np.asarray(draw_masks(frame, [mask], [1]))
    if min(video.size) > 1 and video.size != (frame.shape[1], frame.shape[0]):
        frame = np.asarray(Image.fromarray(frame).resize(video.size))
    here = tuple(point for point in prediction.points if abs(point[1] - seconds) <= _LATE)
    return frame, replace(prediction, points=here)
