"""Points in videos against the scores of Molmo2's evaluator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from model.evaluation.metrics.matching import PointScore
from model.evaluation.metrics.video_points import score_video_points
from tests.model.evaluation.oracle import AGGREGATE, CASE, mask, oracle

OFFICIAL = oracle("video_point_molmo2")
KEYS = ("precision", "recall", "f1")


def score(case, predicted=None):
    truth = case["gt"]
    points = [
        (seconds, point["x"], point["y"])
        for seconds, point in zip(truth["two_fps_timestamps"], truth["points"], strict=True)
    ]
    masks = [{run["frame_id"] / 2: mask(run["rle"]) for run in runs} for runs in truth["masks"]]
    given = case["prediction"]["triplets"] if predicted is None else predicted
    return score_video_points(
        np.array(given).reshape(-1, 3),
        np.array(points).reshape(-1, 3),
        masks,
        truth["video_duration"],
        (truth["width"], truth["height"]),
    )


def test_every_case_scores_as_in_the_official_evaluator():
    assert len(OFFICIAL["cases"]) == 100
    found = []
    for case in OFFICIAL["cases"]:
        one = score(case)
        found.append([getattr(one, key) for key in KEYS])
        assert found[-1] == pytest.approx([case["scores"][key] for key in KEYS], abs=CASE), case["id"]
    expected = [OFFICIAL["aggregate"][key] for key in KEYS]
    assert np.mean(found, axis=0) == pytest.approx(expected, abs=AGGREGATE)


class OneMask(Mapping):
    """Masks of which only those may be read whose object a point was matched with."""

    def __init__(self, times: dict[float, np.ndarray]) -> None:
        self.times, self.read = times, 0

    def __getitem__(self, seconds: float) -> np.ndarray:
        self.read += 1
        return self.times[seconds]

    def __iter__(self) -> Iterator[float]:
        return iter(self.times)

    def __len__(self) -> int:
        return len(self.times)


def test_masks_are_read_only_where_they_are_needed():
    masks = [OneMask({0.5: np.ones((10, 10), bool)}) for _ in range(3)]
    truth = np.array([[0.5, 1, 1], [0.5, 5, 5], [0.5, 9, 9]])
    found = score_video_points(np.array([[0.5, 5.0, 5.0]]), truth, masks, 1.0, (10, 10))
    assert [one.read for one in masks] == [0, 1, 0]
    assert (found.precision, found.recall) == (1, pytest.approx(1 / 3))


def test_a_time_between_two_masks_never_hits():
    masks = [{0.5: np.ones((10, 10), bool), 1.0: np.ones((10, 10), bool)}]
    truth = np.array([[0.5, 5.0, 5.0]])
    for seconds, hit in ((0.5, 1.0), (1.0, 1.0), (0.6, 0.0), (0.75, 0.0)):
        found = score_video_points(np.array([[seconds, 5.0, 5.0]]), truth, masks, 2.0, (10, 10))
        assert found.precision == hit


def test_empty_answers():
    nothing = np.zeros((0, 3))
    somewhere = np.array([[0.0, 1, 1]])
    assert score_video_points(nothing, nothing, [], 1.0, (9, 9)) == PointScore.all(1.0)
    assert score_video_points(somewhere, nothing, [], 1.0, (9, 9)) == PointScore.all(0.0)
    assert score_video_points(nothing, somewhere, [{}], 1.0, (9, 9)) == PointScore.all(0.0)


def test_places_are_a_tenth_of_a_per_cent_when_they_are_matched():
    """Both objects are at 50.0 per cent, so points are paired in their order: each on the other's mask."""
    places = np.array([[0.0, 5004, 0], [0.0, 4996, 0]])
    masks = []
    for _, x, _ in places:
        mask = np.zeros((1, 10_000), bool)
        mask[0, int(x)] = True
        masks.append({0.0: mask})
    assert score_video_points(places, places, masks, 1.0, (10_000, 1)).f1 == pytest.approx(1)
    assert score_video_points(places[::-1], places, masks, 1.0, (10_000, 1)).f1 == 0
