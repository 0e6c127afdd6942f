"""Curves of probabilities: their values, their order, and checkpoints that carry them."""

from __future__ import annotations

import json
import math
import shutil

import numpy as np
import pytest

import molmo_act
from molmo_act.calibration import apply_curve
from molmo_act.errors import CheckpointError
from molmo_act.pointing.load import NANO


@pytest.mark.parametrize(
    ("probability", "curve", "expected"),
    [
        (0.3, None, 0.3),
        (0.3, (1.0, 0.0), 0.3),
        (0.5, (3.0, 0.0), 0.5),  # even odds stay even
        (0.5, (3.0, 1.0), 1 / (1 + math.exp(-1))),
        (0.8, (0.5, 0.0), 2 / 3),  # odds of 4 to 1 become 2 to 1
    ],
)
def test_values(probability, curve, expected):
    assert apply_curve(probability, curve) == pytest.approx(expected)


def test_the_order_stays_and_ends_are_no_trouble():
    found = [apply_curve(p, (0.4, 1.5)) for p in (0.0, 1e-6, 0.01, 0.5, 0.99, 1.0)]
    assert found == sorted(set(found))
    assert found[0] > 0
    assert found[-1] < 1
    assert apply_curve(1e-30, (1e6, 0.0)) == 0
    assert apply_curve(1.0, (1e6, 0.0)) == 1


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(NANO, tmp_path / "nano")


def say(folder, **keys):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))


def test_a_checkpoint_calibrates_what_it_reports_and_points_as_before(folder):
    picture = np.full((120, 160, 3), 230, np.uint8)
    picture[30:90, 40:100] = (200, 30, 30)
    say(folder, score_curve=None, absent_curve=None)
    plain = molmo_act.load(folder, device="cpu").point(picture, "the red square")
    say(folder, score_curve=[0.5, 2.0], absent_curve=[2.0, 1])
    bent = molmo_act.load(folder, device="cpu").point(picture, "the red square")
    np.testing.assert_array_equal(plain.xy, bent.xy)
    expected = [apply_curve(float(score), (0.5, 2.0)) for score in plain.score]
    np.testing.assert_allclose(bent.score, expected, rtol=1e-4)
    assert bent.absent == pytest.approx(apply_curve(plain.absent, (2.0, 1)), rel=1e-4)


@pytest.mark.parametrize("curve", [[1.0], [0.0, 1.0], [-1.0, 0.0], [1.0, "x"], [math.nan, 0.0]])
@pytest.mark.parametrize("key", ["score_curve", "absent_curve"])
def test_a_curve_that_is_none_is_refused(folder, key, curve):
    say(folder, **{key: curve})
    with pytest.raises(CheckpointError, match=key):
        molmo_act.load(folder, device="cpu")
