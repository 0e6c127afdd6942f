"""Calibration: bins and errors of claims with known truth, and curves that are found, stored and read."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

import molmo_act
from model.data.scenes.generate import draw_scene
from model.data.screens.forms import draw_form
from model.evaluation import calibration
from model.evaluation.calibration import (
    Claims,
    calibration_error,
    claims_of,
    diagram,
    joined,
    reliability,
    write_curves,
)
from molmo_act.errors import InputError
from molmo_act.pointing.load import NANO


def claims(slope: float = 1.0, offset: float = 0.0, count: int = 4000) -> Claims:
    """Claims that are true once slope and offset are put on their log odds."""
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 2, count)
    true = rng.random(count) < 1 / (1 + np.exp(-slope * odds - offset))
    return Claims(1 / (1 + np.exp(-odds)), true)


def test_the_error_is_small_where_claims_are_true():
    assert calibration_error(reliability(claims())) < 0.02
    assert calibration_error(reliability(claims(0.5, 2.0))) > 0.2


def test_the_curve_that_bent_the_claims_is_found_and_mends_them():
    fit, test = claims(0.5, 2.0).halves()
    slope, offset = curve = fit.fit()
    assert (slope, offset) == pytest.approx((0.5, 2.0), abs=0.15)
    assert calibration_error(reliability(test.on(curve))) < 0.03
    assert np.array_equal(np.argsort(test.claimed), np.argsort(test.on(curve).claimed))
    both = joined([fit, test])
    assert np.array_equal(both.true, claims(0.5, 2.0).true)


@pytest.mark.parametrize("true", [(False, True, True, False), (False, False, True, True)])
def test_claims_of_zero_and_one_can_be_fitted(true):
    slope, offset = Claims(np.array([0.0, 0.1, 0.9, 1.0]), np.array(true)).fit()
    assert 0 < slope < 20
    assert abs(offset) < 20


@pytest.mark.parametrize("true", [True, False])
def test_a_curve_needs_right_and_wrong(true):
    with pytest.raises(InputError, match="needs both kinds"):
        Claims(np.array([0.2, 0.8]), np.array([true, true])).fit()


def test_bins_say_what_is_in_them():
    bins = reliability(Claims(np.array([0.11, 0.19, 1.0, 0.0]), np.array([True, False, True, False])))
    assert [(each.count, each.true) for each in bins] == [(1, 0.0), (2, 0.5), (1, 1.0)]
    assert bins[1].claimed == pytest.approx(0.15)
    assert calibration_error(bins) == pytest.approx((0 + 2 * 0.35 + 0) / 4)


def test_a_diagram_puts_dots_where_claims_are():
    picture = diagram({"a": reliability(Claims(np.full(4, 0.5), np.full(4, True)))})
    assert picture.getpixel((36 + 130, 36)) == (67, 99, 216)  # claimed 0.5, all of them true


@pytest.mark.slow
def test_claims_of_a_checkpoint_are_those_before_its_curves():
    model = molmo_act.load(device="cpu")
    pictures = [draw_form(np.random.default_rng(seed), 240, 200, split="eval") for seed in range(2)]
    raw = claims_of(model, pictures, 10, "forms")
    model.model.config.score_curve = [0.5, 2.0]
    again = claims_of(model, pictures, 10, "forms")
    assert model.model.config.score_curve == [0.5, 2.0]
    assert len(raw["absent"].true) == sum(min(8, len(picture.queries)) for picture in pictures)
    assert raw["score"].true.any()
    for name in raw:
        np.testing.assert_array_equal(raw[name].claimed, again[name].claimed)


def test_curves_are_stored_beside_everything_else(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "molmo_point", "score_curve": None}))
    write_curves(tmp_path, {"score": (0.5, 2.0), "absent": (1.1, -0.3)})
    stored = json.loads((tmp_path / "config.json").read_text())
    assert stored == {"model_type": "molmo_point", "score_curve": [0.5, 2.0], "absent_curve": [1.1, -0.3]}
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


@pytest.mark.slow
def test_the_command_writes_a_checkpoint_that_claims_by_its_curves(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "nano"
    shutil.copytree(NANO, folder)
    pictures = [draw_scene(np.random.default_rng(seed), 200, 160, None) for seed in range(20)]
    monkeypatch.setattr(calibration, "SOURCES", ("shapes",))
    monkeypatch.setattr(calibration, "sources", lambda: {"shapes": pictures})
    command = ["calibration", "--model", folder, "--queries", "40", "--out", tmp_path / "a.png", "--write"]
    monkeypatch.setattr(sys, "argv", list(map(str, command)))
    assert calibration.main() == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    model = molmo_act.load(folder, device="cpu")
    assert model.model.config.score_curve == said["curves"]["score"]
    before, after = (each.point(pictures[0].image, "the circle") for each in (molmo_act.load(), model))
    np.testing.assert_array_equal(before.xy, after.xy)
    slope, offset = said["curves"]["score"]
    odds = np.log(before.score / (1 - before.score))
    np.testing.assert_allclose(after.score, 1 / (1 + np.exp(-slope * odds - offset)), rtol=1e-4)
    assert (after.absent != before.absent) == (said["curves"]["absent"] != [1.0, 0.0])


def own_images(folder, count: int, *, boxes: bool = True) -> None:
    """Writes windows with buttons as a user's own images."""
    lines = []
    for number in range(count):
        sample = draw_form(np.random.default_rng(number), 240, 180, split="eval")
        Image.fromarray(sample.image).save(folder / f"{number}.png")
        for query in sample.queries:
            row = {"image": f"{number}.png", "text": query.text}
            row["points"] = [list(target.point) for target in query.targets]
            if boxes:
                row["boxes"] = [list(target.box) for target in query.targets]
            lines.append(json.dumps(row))
    (folder / "points.jsonl").write_text("\n".join(lines))


def test_own_images_with_boxes_are_asked(tmp_path):
    own_images(tmp_path, 2)
    found = claims_of(molmo_act.load("nano", device="cpu"), calibration.own_images(tmp_path), 4, "own")
    assert found["score"].true.any()
    assert len(found["absent"].true) >= 4


def test_own_images_without_boxes_say_what_is_missing(tmp_path):
    own_images(tmp_path, 1, boxes=False)
    with pytest.raises(InputError, match='Give "boxes"'):
        calibration.own_images(tmp_path)
    (tmp_path / "points.jsonl").write_text(
        '{"image": "0.png", "text": "a", "points": [[1, 1]], "boxes": [[5, 5, 1, 1]]}'
    )
    with pytest.raises(InputError, match="boxes of 'a' are not"):
        calibration.own_images(tmp_path)
