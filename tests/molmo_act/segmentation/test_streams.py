"""TrackMasks: masks of what a tracker sees, and only of that."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act import StreamingTracker, TrackerConfig
from molmo_act.errors import InputError
from molmo_act.outputs.tracks import Tracks
from molmo_act.segmentation.grabcut import GrabCut
from molmo_act.segmentation.streams import TrackMasks
from tests.support.moving_dots import BLUE, FPS, RED, Dot, Pointer, draw

TRACKS = Tracks(
    timestamp=1.5,
    frame_index=45,
    image_size=(8, 6),
    xy=[[2.5, 2.5], [8.2, -0.1], [3, 3]],
    object_id=[2, 5, 9],
    score=[0.9, 0.4, 0.3],
    visible=[True, True, False],
    age=[0.0, 1.25, 0.5],
    source=["grounded", "propagated", "propagated"],
    query=["mug", None, "mug"],
)
FRAME = np.zeros((6, 8, 3), np.uint8)


class Segmenter:
    """Marks the pixel of each point."""

    def reset(self):
        self.asked = {}

    def segment(self, frame, points):
        self.asked = points
        found = {number: np.zeros(frame.shape[:2], bool) for number in points}
        for number, point in points.items():
            found[number][int(point.xy[1]), int(point.xy[0])] = True
        return found


def test_visible_objects_are_segmented_at_points_within_the_frame():
    segmenter = Segmenter()
    masks = TrackMasks(segmenter).of(FRAME, TRACKS)
    assert masks.object_id.tolist() == [2, 5]
    assert [mask.bbox for mask in masks] == [(2, 2, 1, 1), (7, 0, 1, 1)]
    assert (masks.query, masks.timestamp.tolist()) == (("mug", None), [1.5])
    assert [point.grounded for point in segmenter.asked.values()] == [True, False]


@pytest.mark.parametrize("mask", [np.zeros((8, 6), bool), np.zeros((6, 8), np.uint8)])
def test_masks_of_another_size_or_kind_are_refused(mask):
    segmenter = Segmenter()
    segmenter.segment = lambda frame, points: dict.fromkeys(points, mask)
    with pytest.raises(InputError, match="object 2 a"):
        TrackMasks(segmenter).of(FRAME, TRACKS)


def test_a_tracker_gives_masks_with_its_tracks():
    dots = [Dot("red", RED, lambda t: (60 + 90 * t, 120)), Dot("blue", BLUE, lambda t: (250 - 90 * t, 60))]
    config = TrackerConfig(rate=3, synchronous=True)
    masks = TrackMasks(GrabCut().stream())
    with StreamingTracker(Pointer(dots), ["red", "blue"], config, masks=masks) as tracker:
        for index in range(30):
            tracks = tracker.update(draw(dots, index / FPS), index / FPS)
            assert tracks.masks.object_id.tolist() == tracks.object_id.tolist() == [1, 2]
            for mask, dot in zip(tracks.masks, dots, strict=True):
                left, top, width, height = mask.bbox
                assert np.hypot(*(dot.at(index / FPS) - (left + width / 2, top + height / 2))) < 2
                assert 20 <= width <= 28
    assert Tracks.from_dict(tracks.to_dict()).to_json() == tracks.to_json()
    assert (np.asarray(tracks.draw(draw(dots, 1))) != draw(dots, 1)).any()
    assert tracks[:1].masks.object_id.tolist() == [1]
