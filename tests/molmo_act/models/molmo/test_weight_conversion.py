"""What was loaded is written under the released names again, bit for bit."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from molmo_act.models.molmo import MolmoForConditionalGeneration
from tests.support.tiny_molmo1 import DATA, STYLES, molmo1_model


@pytest.mark.parametrize("style", STYLES)
def test_files_come_back_exactly(style, tmp_path):
    molmo1_model(style).save_pretrained(tmp_path)
    released, written = (load_file(folder / "model.safetensors") for folder in (DATA / style, tmp_path))
    assert set(written) == set(released)
    assert all(torch.equal(written[name], released[name]) for name in released)


@pytest.mark.parametrize("style", STYLES)
def test_a_model_that_was_not_loaded_is_written_so_that_it_loads(style, tmp_path):
    model = MolmoForConditionalGeneration(molmo1_model(style).config)
    model.save_pretrained(tmp_path)
    again = MolmoForConditionalGeneration.from_pretrained(tmp_path)
    expected = model.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in again.state_dict().items())
