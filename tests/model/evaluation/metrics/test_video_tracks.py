"""Tracked points against the scores of Molmo2's evaluator, frame by frame and video by video."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.metrics.hota import hota
from model.evaluation.metrics.video_tracks import (
    TrackScore,
    TrackTruth,
    first_of_each_id,
    score_frames,
    score_tracks,
    tracked_frames,
)
from tests.model.evaluation.oracle import AGGREGATE, CASE, mask, oracle

OFFICIAL = oracle("video_track_molmo2")
NAMES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "f1",
    "HOTA": "hota",
    "DetA": "det_a",
    "AssA": "ass_a",
    "DetPr": "det_pr",
    "DetRe": "det_re",
    "LocA": "loc_a",
}


def truth_of(row):
    """The truth at one frame a second; objects are numbered by their place in `mask_id`."""
    step = row["fps"] // 1
    number = {name: place for place, name in enumerate(row["mask_id"])}
    points = {}
    for track in row["points"]:
        for frame, place in track["at"].items():
            if int(frame) % step == 0:
                points.setdefault(int(frame), []).append((number[track["object_id"]], *place))
    masks = [{int(frame): mask(run) for frame, run in one["at"].items()} for one in row["masks"]]
    return TrackTruth(points, masks, [number[one["object_id"]] for one in row["masks"]])


def predicted(case):
    return first_of_each_id(
        (one["frame"], list(one["points"].items())) for one in case["prediction"]["tracks"]
    )


@pytest.fixture(scope="module")
def scored():
    return [(case, predicted(case), truth_of(case["gt"])) for case in OFFICIAL["cases"]]


def test_every_video_scores_as_in_the_official_evaluator(scored):
    assert len(scored) == 70
    found = []
    for case, tracks, truth in scored:
        one = score_tracks(tracks, truth)
        found.append([getattr(one, name) for name in NAMES.values()])
        expected = [case["scores"][key] for key in NAMES]
        assert found[-1] == pytest.approx(expected, abs=CASE), (case["id"], case["tags"])
        assert one.frames == case["scores"]["num_frames"]
    mean = dict(zip(NAMES, np.mean(found, axis=0), strict=True))
    for key, value in OFFICIAL["aggregate"].items():
        assert mean[key] == pytest.approx(value, abs=AGGREGATE), key


def test_every_frame_scores_as_in_the_official_evaluator(scored):
    for case, tracks, truth in scored:
        frames = score_frames(tracks, truth)
        assert list(frames) == [frame["frame_idx"] for frame in case["per_frame"]], case["id"]
        for expected in case["per_frame"]:
            one = frames[expected["frame_idx"]]
            given = [one.precision, one.recall, one.f1]
            assert given == pytest.approx([expected[key] for key in ("precision", "recall", "f1")], abs=CASE)


def test_hota_reads_the_ids_that_trackeval_was_given(scored):
    official = {case["id"]: case for case in oracle("hota_binary_trackeval")["cases"]}
    for case, tracks, truth in scored:
        frames = tracked_frames(tracks, truth)
        expected = official[case["id"]]
        assert hota(frames).hota.mean() == pytest.approx(expected["scores"]["HOTA"], abs=CASE), case["id"]


SQUARES = [np.zeros((10, 30), bool) for _ in range(2)]
SQUARES[0][:, :10] = SQUARES[1][:, 20:] = True


def test_a_missing_object_shifts_the_official_masks_and_not_the_corrected_ones():
    """The second of two objects alone on frame 1: its point is tested against the first mask of the list."""
    truth = TrackTruth(
        {0: [(0, 5, 5), (1, 25, 5)], 1: [(1, 25, 5)]},
        [{0: SQUARES[0]}, {0: SQUARES[1], 1: SQUARES[1]}],
        [0, 1],
    )
    tracks = {0: {"1": (5.0, 5.0), "2": (25.0, 5.0)}, 1: {"2": (25.0, 5.0)}}
    official, meant = (score_tracks(tracks, truth, by_object=by) for by in (False, True))
    assert (official.precision, official.recall) == (0.5, 0.5)
    assert (meant.precision, meant.recall, meant.hota) == (1, 1, 1)


def test_masks_in_another_order_shift_f1_and_leave_hota():
    truth = TrackTruth({0: [(0, 5, 5), (1, 25, 5)]}, [{0: SQUARES[1]}, {0: SQUARES[0]}], [1, 0])
    tracks = {0: {"1": (5.0, 5.0), "2": (25.0, 5.0)}}
    assert score_tracks(tracks, truth).f1 == 0
    assert score_tracks(tracks, truth).hota == 1
    assert score_tracks(tracks, truth, by_object=True).f1 == pytest.approx(1)


def test_empty_sides():
    nothing, something = TrackTruth({}, [], []), TrackTruth({3: [(0, 5, 5)]}, [{3: SQUARES[0]}], [0])
    assert score_tracks({}, nothing) == TrackScore(*[1.0] * 9, 0)
    assert score_tracks({2: {}}, nothing).frames == 0
    extra = score_tracks({2: {"1": (1.0, 1.0)}}, nothing)
    assert (extra.f1, extra.hota, extra.frames) == (0, 0, 1)
    assert score_tracks({}, something).recall == 0
    masked = TrackTruth({3: [(0, 5, 5)]}, [], [])  # a truth without a mask cannot be hit
    assert score_tracks({3: {"1": (5.0, 5.0)}}, masked).f1 == 0


def test_the_first_point_of_an_id_and_the_last_moment_of_a_frame_count():
    found = first_of_each_id(
        [(0, [("1", (1, 1)), ("1", (2, 2))]), (4, [("1", (3, 3)), ("2", (4, 4))]), (4, [("2", (5, 5))])]
    )
    assert found == {0: {"1": (1, 1)}, 4: {"2": (5, 5)}}
