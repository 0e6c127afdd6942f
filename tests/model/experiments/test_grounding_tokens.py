"""Every arm of the experiments learns, is released and is asked, on a model of toy size."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from model.experiments.grounding_tokens import (
    ARMS,
    AVERAGE_POWER,
    ask,
    average,
    held_out,
    learn,
    plot,
    read_curves,
)
from molmo_act.errors import InputError
from molmo_act.formats.coordinate_text import write_coordinate_points
from tests.model.train.small_run import SMALL, save_tiny


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.mark.parametrize("name", ARMS)
@pytest.mark.slow
def test_an_arm_learns_and_answers_in_its_own_form(name, checkpoint, tmp_path):
    recipe = replace(ARMS[name], model=str(checkpoint), side_most=200, precision="float32", **SMALL)
    (first, _), (last, model) = learn(recipe, tmp_path / "run", budgets=(4, 12), workers=0)
    assert (first, last) == (4, 12)
    assert (model.model.config.token_prediction_rotary == "one_d") == recipe.rotary
    assert (model.model.config.mask_patches == "always") == (recipe.form.order == "ascending")
    found = ask(model, recipe.form.coordinates == "text", 8, (120, 200))
    assert 0 <= found["f1"] <= 1
    assert 0 <= found["overcounts"] <= 1


class Known:
    """Answers with the true points as thousandths, moved to the right by some pixels."""

    name = "known"

    def __init__(self, moved: int) -> None:
        self._pictures, self._moved = held_out((120, 200)), moved

    def point(self, image, texts):
        picture = next(self._pictures)
        size = (image.shape[1], image.shape[0])
        targets = {query.text: query.targets for query in picture.queries}
        answers = []
        for text in texts:
            places = (target.point for target in targets[text])
            rows = [(i, 0, (x + self._moved) % size[0], y) for i, (x, y) in enumerate(places, 1)]
            said = write_coordinate_points(rows, "thing", [size])
            answers.append(SimpleNamespace(xy=np.empty((0, 2)), text=said, image_size=(size,)))
        return answers


def test_text_answers_are_read_from_their_words():
    assert ask(Known(0), True, 40, (120, 200))["f1"] > 0.97
    assert ask(Known(90), True, 40, (120, 200))["f1"] < 0.3


def test_averages_weigh_late_steps_most():
    averages, seen = [torch.zeros(1)], []
    for step in range(200):
        if step:
            average(averages, [torch.tensor([float(step)])], torch.tensor(step))
        seen.append(float(averages[0]))
    weights = np.arange(1, 201) ** AVERAGE_POWER
    assert seen[-1] == pytest.approx(np.average(np.arange(200), weights=weights), rel=0.01)


def test_a_folder_that_holds_a_run_is_left_alone(tmp_path):
    with pytest.raises(InputError, match="expected a new folder"):
        next(learn(ARMS["grounding tokens"], tmp_path, budgets=(1,), workers=0))


def test_curves_gather_the_results_of_several_commands(tmp_path):
    rows = [("a", 512, 0, 0.1), ("a", 2048, 0, 0.5), ("b", 512, 0, 0.9), ("a", 512, 1, 0.2)]
    lines = [{"arm": a, "examples": n, "seed": s, "small": {"f1": f1}} for a, n, s, f1 in rows]
    (tmp_path / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = read_curves(tmp_path / "results.jsonl", seed=0)
    assert found == {"a": [(512, 0.1), (2048, 0.5)], "b": [(512, 0.9)]}


def test_a_plot_draws_every_curve(tmp_path):
    pytest.importorskip("matplotlib")
    plot({"a": [(512, 0.1), (2048, 0.5)], "b": [(512, 0.9)]}, tmp_path / "f1.png")
    with Image.open(tmp_path / "f1.png") as picture:
        assert picture.width > 300
