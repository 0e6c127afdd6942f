"""J and F of videos against the scores of the programs of DAVIS, MeViS and ReasonVOS."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.metrics.davis import (
    VOID,
    expression,
    frame_scores,
    semi_supervised,
    statistics,
    unsupervised,
)
from molmo_act.errors import InputError
from tests.model.evaluation.oracle import AGGREGATE, CASE, mask, oracle


def decoded(run, size):
    """A mask, bool (H, W); null is empty."""
    return np.zeros(size, bool) if run is None else mask(run)


def labels(frames, size):
    """The label images that a file of cases stands for, uint8 (T, H, W)."""
    images = np.zeros((len(frames), *size), np.uint8)
    for image, frame in zip(images, frames, strict=True):
        for number, run in frame["objects"].items():
            image[decoded(run, size)] = int(number)
        image[decoded(frame.get("void"), size)] = VOID
    return images


def test_every_pair_of_masks_scores_as_in_davis():
    for case in oracle("jf_single")["cases"]:
        size = tuple(case["size"])
        truth, found = (decoded(case[key], size)[None] for key in ("gt_rle", "pred_rle"))
        void = None if case["void_rle"] is None else decoded(case["void_rle"], size)[None]
        j, f = frame_scores(found, truth, void)
        assert [j[0], f[0]] == pytest.approx([case["scores"]["J"], case["scores"]["F"]], abs=CASE), case["id"]


def test_statistics_are_those_of_davis():
    for case in oracle("davis_statistics")["cases"]:
        found = statistics(case["values"])
        expected = case["scores"]
        assert [found.mean, found.recall, found.decay] == pytest.approx(
            [expected["mean"], expected["recall"], expected["decay"]], abs=CASE
        ), case["id"]


def test_decay_of_a_long_video_is_a_number():
    values = np.linspace(1, 0, 400)
    assert statistics(values).decay == pytest.approx(values[:101].mean() - values[-101:].mean())


@pytest.mark.parametrize(
    ("name", "score"), [("jf_davis_semisupervised", semi_supervised), ("jf_davis_unsupervised", unsupervised)]
)
def test_every_video_scores_as_in_davis(name, score):
    official = oracle(name)
    assert len(official["cases"]) == 40
    found = []
    for case in official["cases"]:
        size = tuple(case["size"])
        one = score(labels(case["prediction"], size), labels(case["gt"], size))
        found += one
        for key, attribute in (("J", "j"), ("F", "f")):
            means = {str(number): getattr(each, attribute).mean for number, each in enumerate(one, 1)}
            assert means == pytest.approx(case["scores"][key], abs=CASE), case["id"]
    for key, attribute in (("J", "j"), ("F", "f")):
        values = [getattr(one, attribute) for one in found]
        mean = [np.mean([getattr(value, part) for value in values]) for part in ("mean", "recall", "decay")]
        expected = [official["aggregate"][f"{key}-{part}"] for part in ("Mean", "Recall", "Decay")]
        assert mean == pytest.approx(expected, abs=AGGREGATE)
    assert np.mean([one.jf for one in found]) == pytest.approx(
        official["aggregate"]["J&F-Mean"], abs=AGGREGATE
    )


def test_mevis_counts_a_missing_video_as_0():
    official = oracle("jf_mevis")
    found = []
    for case in official["cases"]:
        size, runs = tuple(case["size"]), list(case["gt"].values())
        truth = np.array([[decoded(run, size) for run in one] for one in runs]).any(axis=0)
        given = case["prediction_rle"]
        predicted = None if given is None else np.array([decoded(run, size) for run in given])
        found.append(expression(predicted, truth) or (0.0, 0.0))
        assert found[-1] == pytest.approx((case["scores"]["J"], case["scores"]["F"]), abs=CASE), case["id"]
    j, f = np.mean(found, axis=0)
    expected = official["aggregate"]
    assert [j, f, (j + f) / 2] == pytest.approx(
        [expected["J"], expected["F"], expected["J&F"]], abs=AGGREGATE
    )


def test_reasonvos_leaves_out_a_missing_prediction():
    official = oracle("jf_reasonvos")
    found = []
    for case in official["cases"]:
        size = tuple(case["size"])
        given = None if "prediction_missing" in case["tags"] else case["prediction_rle"]
        predicted = None if given is None else np.array([decoded(run, size) for run in given])
        found.append(expression(predicted, np.array([decoded(run, size) for run in case["gt_rle"]])))
        expected = case["scores"] and (case["scores"]["J"], case["scores"]["F"])
        assert (found[-1] is None) == (expected is None), case["id"]
        assert found[-1] == (None if expected is None else pytest.approx(expected, abs=CASE)), case["id"]
    j, f = np.mean([one for one in found if one is not None], axis=0)
    expected = official["aggregate"]
    assert [j, f, (j + f) / 2] == pytest.approx(
        [expected["J"], expected["F"], expected["J&F"]], abs=AGGREGATE
    )


def test_too_many_objects_are_refused():
    truth = np.zeros((3, 4, 4), np.uint8)
    truth[:, 0, 0] = 1
    with pytest.raises(InputError, match="Object 2 was predicted, but the first frame has 1"):
        semi_supervised(truth * 2, truth)
    with pytest.raises(InputError, match="21 objects were predicted; expected 20"):
        unsupervised(truth * 21, truth)


def test_a_video_without_objects_has_no_scores():
    nothing = np.zeros((3, 4, 4), np.uint8)
    assert unsupervised(nothing, nothing) == semi_supervised(nothing, nothing) == []
