"""Checkpoints that are loaded for an export: the same answers in little memory."""

from __future__ import annotations

import numpy as np
import pytest

import molmo_act
from molmo_act.errors import CheckpointError
from molmo_act.pointing.streamed import load_streamed
from tests.support.asked_cases import equal
from tests.support.synthetic import synthetic_image


@pytest.mark.parametrize("keep", [True, False])
def test_nano_answers_as_loaded(keep):
    image = np.asarray(synthetic_image(0, 160, 200))
    model, expected = load_streamed("nano", keep=keep), molmo_act.load("nano", device="cpu")
    assert model.name == "nano"
    equal(model.point(image, "the red shape"), expected.point(image, "the red shape"), 1e-6)
    assert model.model.model.language_model.layers[0].mlp.up_proj.weight.is_meta is not keep


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="There is no folder"):
        load_streamed(tmp_path / "nothing", keep=False)
