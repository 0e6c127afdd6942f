"""One frame of a video with those before it."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.encoding.video_frame import frame_sample
from model.data.errors import SkippedRow
from model.data.schema import FramePoint, VideoQuery, VideoSample
from molmo_act.models.molmo_point.frame_sampling import SampledVideo

FRAMES = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 10, 3), np.uint8)
VIDEO = SampledVideo(FRAMES, tuple(range(6)), (10, 8))
TRACKS = tuple(FramePoint(frame, 1, (frame + 0.5, 2.5)) for frame in range(3))


def test_objects_are_those_of_the_frame_and_what_is_asked_for_in_vain_is_asked_again():
    queries = (
        VideoQuery("the mug", "mug", TRACKS, "tracking"),
        VideoQuery("the mug", "mug", TRACKS[:1], "pointing"),
        VideoQuery("a fork", "fork", (), "pointing"),
    )
    seen = set()
    for seed in range(40):
        sample = frame_sample(VideoSample(VIDEO, queries), np.random.default_rng(seed), 4)
        number = int(sample.image[0, 0, 0])
        seen.add(number)
        assert [int(frame[0, 0, 0]) for frame in sample.before] == [*range(max(0, number - 4), number)]
        mug, fork = sample.queries
        assert [target.point for target in mug.targets] == [(number + 0.5, 2.5)] * (number < 3)
        assert (mug.kind, fork.kind, fork.targets) == ("noun" if number < 3 else "absent", "absent", ())
    assert seen == set(range(6))


def test_a_video_of_moments_says_nothing_of_its_other_frames():
    sample = VideoSample(VIDEO, (VideoQuery("the mug", "mug", TRACKS[:1], "pointing"),))
    with pytest.raises(SkippedRow, match="moments"):
        frame_sample(sample, np.random.default_rng(0), 4)
