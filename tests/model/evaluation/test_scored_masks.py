"""J&F of what `segment` gives: frames that are missing, and sets without objects."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.benchmark import Prediction, Record
from model.evaluation.scored_masks import mask_figures, mask_scores
from model.evaluation.video_sources import RunLengthMasks
from molmo_act.outputs import rle

MASK = np.zeros((20, 30), bool)
MASK[5:15, 5:25] = True
RUN = {"size": [20, 30], "counts": rle.encode(MASK)}


def said(*masks):
    return Prediction(
        extra={"masks": [None if one is None else RUN["counts"] for one in masks], "size": [30, 20]}
    )


def test_frames_that_were_not_predicted_are_empty():
    truth = [RunLengthMasks(dict.fromkeys(range(4), RUN), (30, 20))]
    assert mask_scores(said(1, 1), truth, (30, 20))["j&f"] == pytest.approx(0.5)
    assert mask_scores(Prediction(), truth, (30, 20))["j&f"] == 0


def test_only_annotated_frames_count():
    truth = [RunLengthMasks({0: RUN, 5: RUN}, (30, 20))]
    assert mask_scores(said(1, None, None, None, None, 1), truth, (30, 20))["j&f"] == pytest.approx(1)


def test_an_expression_without_objects_wants_nothing():
    assert mask_scores(said(None, None), [], (30, 20))["j&f"] == 1
    assert mask_scores(said(None, 1), [], (30, 20))["j&f"] == pytest.approx(0.5)


def test_figures_count_rows_that_could_not_be_read():
    records = [Record(0, {"j": 1.0, "f": 0.5, "j&f": 0.75, "resized": 0.0}), Record(1, {}, problem="x")]
    assert mask_figures(records) == {"j&f": 0.375, "j": 0.5, "f": 0.25, "resized": 0.0}
