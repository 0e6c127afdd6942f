"""What a tracker counts before its first frame, and what it can be given for masks."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from molmo_act.segmentation.streams import TrackMasks
from molmo_act.tracking.stream_parts import FrameMasks, TrackerStats


def test_nothing_is_counted_before_the_first_frame():
    stats = TrackerStats()
    assert (stats.frames, stats.groundings, stats.last_error, dict(stats.failing)) == (0, 0, None, {})
    with pytest.raises(FrozenInstanceError):
        stats.frames = 1


def test_masks_of_tracks_are_of_this_kind():
    public = {name for name in vars(FrameMasks) if not name.startswith("_")}
    assert public == {"reset", "of"}
    assert all(callable(getattr(TrackMasks, name)) for name in public)
