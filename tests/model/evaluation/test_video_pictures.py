"""Which frame of a video a report shows."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.benchmark import Prediction
from model.evaluation.video_pictures import picture_of
from model.evaluation.video_sources import ShownVideo
from model.evaluation.video_standins import FPS, SIZE, clips, write_frames
from molmo_act.errors import InputError
from molmo_act.outputs import rle


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    standin = clips(np.random.default_rng(1), 2)[0]
    folder = tmp_path_factory.mktemp("frames")
    write_frames(folder, standin)
    return ShownVideo(folder, SIZE, FPS), standin


def likeness(image, frame):
    return np.abs(image.astype(int) - frame.image).mean()


def test_the_first_frame_with_a_point(clip):
    video, standin = clip
    points = ((1, 1.5, 5.0, 5.0), (2, 1.0, 9.0, 9.0), (1, 1.0, 7.0, 7.0))
    image, shown = picture_of(video, Prediction(points=points))
    assert likeness(image, standin.frames[4]) < 5 < likeness(image, standin.frames[0])
    assert shown.points == points[1:]
    image, shown = picture_of(video, Prediction())
    assert (likeness(image, standin.frames[0]) < 5, shown.points) == (True, ())


def test_the_first_frame_with_a_mask(clip):
    video, standin = clip
    mask = np.zeros((SIZE[1], SIZE[0]), bool)
    mask[50:100, 50:100] = True
    extra = {"masks": [None, None, rle.encode(mask)], "size": list(SIZE)}
    image, _ = picture_of(video, Prediction(extra=extra))
    outside = np.abs(image.astype(int) - standin.frames[2].image)[~mask].mean()
    assert outside < 8 < np.abs(image.astype(int) - standin.frames[2].image)[mask].mean()


def test_pixels_are_those_of_the_row(clip, tmp_path):
    video, _ = clip
    assert picture_of(ShownVideo(video.source, (120, 90), FPS), Prediction())[0].shape == (90, 120, 3)
    assert picture_of(ShownVideo(video.source, (1, 1), FPS), Prediction())[0].shape == (SIZE[1], SIZE[0], 3)
    with pytest.raises(InputError):
        picture_of(ShownVideo(tmp_path / "gone.mp4", SIZE, FPS), Prediction())
