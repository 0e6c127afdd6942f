"""Answers become Points: which are kept, whose scores they carry, and what is told beside them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from molmo_act.generation.limits import GenerationLimits
from molmo_act.pointing.postprocessing import make_points, read_points
from molmo_act.pointing.prompts import prepare_inputs
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.request import Bounds
from tests.support.tiny_checkpoint import load_case, tiny_model, tiny_processor


@pytest.fixture(scope="module")
def runtime() -> PointingRuntime:
    return PointingRuntime(tiny_model(), tiny_processor(), "tiny")


def answer_to(runtime, case):
    """The engine's answer to a recorded case, and the case's metadata."""
    inputs = prepare_inputs(runtime, [load_case(case)[0]])
    [metadata] = inputs.pop("metadata")
    [answer] = runtime.engine.generate(inputs, limits=GenerationLimits(2048)).answers
    return answer, metadata


@pytest.fixture(scope="module")
def image(runtime):
    return answer_to(runtime, "image_many")


@pytest.fixture(scope="module")
def video(runtime):
    return answer_to(runtime, "video_four")


def points_of(runtime, answered, **bounds):
    return make_points(runtime, *answered[:1], "boats", answered[1], Bounds(**bounds), {"decode": 1.0})


def test_rows_are_those_of_the_original(runtime, image):
    rows, scores, features = read_points(runtime, image[0], "", image[1])
    np.testing.assert_allclose(rows, load_case("image_many")[2]["greedy_points"], rtol=0, atol=1e-4)
    assert len(rows) == len(scores) == len(features)
    assert all(0 < score < 1 for score in scores)


def test_a_video_has_seconds_in_the_place_of_images(runtime, video):
    points = points_of(runtime, video)
    recorded = np.array(load_case("video_four")[2]["greedy_points"])
    np.testing.assert_allclose(points.timestamp, recorded[:, 1])
    assert points.image_index.tolist() == (recorded[:, 1] * 2).astype(int).tolist()  # two frames per second
    assert points.image_size == ((128, 96),) * 4


def test_points_of_low_scores_go_before_they_are_counted(runtime, image):
    everything = points_of(runtime, image)
    limit = float(np.sort(everything.score)[2:4].mean())
    kept = points_of(runtime, image, min_score=limit, max_points=2)
    expected = everything[everything.score >= limit][:2]
    assert kept.xy.tolist() == expected.xy.tolist()
    assert kept.object_id.tolist() == expected.object_id.tolist()
    assert kept.features.tolist() == expected.features.tolist()


def test_nothing_kept_is_an_empty_answer(runtime, image, video):
    for answered in (image, video):
        nothing = points_of(runtime, answered, min_score=1.0)
        assert len(nothing) == 0
        assert nothing.features is None
        assert nothing.query == "boats"
        assert nothing.timing_ms == {"decode": 1.0}


def test_heat_is_what_is_left_of_absence(runtime, image):
    points = points_of(runtime, image)
    assert math.isclose(sum(float(heat.sum()) for heat in points.heatmaps), 1 - points.absent, abs_tol=1e-5)
    unknown = replace(image[0], first_patch_probabilities=None)
    assert points_of(runtime, (unknown, image[1])).heatmaps is None


def test_a_truncated_answer_says_so(runtime, image):
    assert not points_of(runtime, image).truncated
    assert points_of(runtime, (replace(image[0], truncated=True), image[1])).truncated
