"""Clips with known truth."""

from __future__ import annotations

import numpy as np

from model.evaluation.video_standins import clips, write_frames, write_video
from molmo_act.io.frames import read_frames
from molmo_act.outputs import rle


def test_points_lie_on_masks_and_clips_come_again(tmp_path):
    standins = clips(np.random.default_rng(4), 10, absent=True)
    assert [one.objects for one in standins].count(()) == 1
    for one in standins:
        for thing in one.objects:
            for frame in range(len(one.frames)):
                run, point = one.run(thing, frame), one.point(thing, frame)
                assert (run is None) == (point is None)
                if run is not None:
                    mask = rle.decode(run["counts"], (run["size"][1], run["size"][0]))
                    assert mask[int(point[1]), int(point[0])]
    again = clips(np.random.default_rng(4), 10, absent=True)
    assert [one.query for one in again] == [one.query for one in standins]
    write_video(tmp_path / "a/b.mp4", standins[0])
    write_frames(tmp_path / "frames", standins[0])
    for video in (tmp_path / "a/b.mp4", tmp_path / "frames"):
        frames = [frame for frame, _ in read_frames(video)]
        assert len(frames) == len(standins[0].frames)
        assert np.abs(frames[0].astype(int) - standins[0].frames[0].image).mean() < 12
