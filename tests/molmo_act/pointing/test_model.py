"""A model as a whole: its name, copies of it, and where it is saved."""

from __future__ import annotations

import copy
import pickle

import pytest

import molmo_act
from molmo_act import InputError, Points
from tests.support.asked_cases import ONE, asked, equal
from tests.support.tiny_checkpoint import TINY


@pytest.fixture(scope="module")
def model() -> molmo_act.PointingModel:
    return molmo_act.load(TINY, device="cpu")


@pytest.fixture(scope="module")
def one(model) -> Points:
    return model.point(*asked(ONE))


def test_a_checkpoint_cannot_be_written_over_a_file(model, tmp_path):
    (tmp_path / "taken").write_text("a file")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "deeper"):
        with pytest.raises(InputError, match="Cannot write a checkpoint to"):
            model.save_pretrained(folder)
    assert (tmp_path / "taken").read_text() == "a file"
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_name_and_device(model):
    assert model.name == str(TINY)
    assert repr(model) == f"PointingModel({str(TINY)!r}, device='cpu', dtype=torch.float32)"


COPIES = {"pickle": lambda one: pickle.loads(pickle.dumps(one)), "deepcopy": copy.deepcopy, "copy": copy.copy}


@pytest.mark.parametrize("way", COPIES)
def test_models_can_be_pickled_and_copied_before_and_after_their_first_use(way, one):
    fresh = molmo_act.load(TINY, device="cpu")
    equal(COPIES[way](fresh).point(*asked(ONE)), one)
    equal(fresh.point(*asked(ONE)), one)
    twin = COPIES[way](fresh)
    assert twin.name == fresh.name
    equal(twin.point(*asked(ONE)), one)
    equal(fresh.point(*asked(ONE)), one)
