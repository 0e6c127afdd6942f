"""Videos that are shown to a tracker frame by frame."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.pointing.stream_tracks import track_stream
from molmo_act.tracking.config import TrackerConfig
from molmo_act.tracking.tracker import StreamingTracker

FRAMES = [np.full((24, 32, 3), 40 * number, np.uint8) for number in range(4)]


def make_tracker(**how) -> StreamingTracker:
    return StreamingTracker(lambda image, queries: [], [], TrackerConfig(**how))


def test_each_frame_of_a_part_has_its_tracks():
    history = track_stream(make_tracker, FRAMES, 2.0, 0.5, 1.0)
    assert [tracks.timestamp for tracks in history] == [0.5, 1.0]
    assert not any(tracks.damaged for tracks in history)


def test_what_has_no_end_needs_one():
    with pytest.raises(InputError, match="which has no end; expected end="):
        track_stream(make_tracker, 0, 30.0, 0.0, None)
