"""Options become a model that is loaded once, when it is needed, and asked as they say."""

from __future__ import annotations

import pytest
from PIL import Image

import molmo_act
from gui_agent.vision.configured_model import ConfiguredModel
from molmo_act import ModelOptions
from molmo_act.errors import CheckpointError

IMAGE = Image.new("RGB", (8, 8))


def test_it_is_loaded_once_and_asked_with_what_was_set(monkeypatch):
    loaded, asked = [], []

    class Model:
        calibrated = True

        def point(self, image, query, **options):
            asked.append((query, options))

    monkeypatch.setattr(molmo_act, "load", lambda name, **options: loaded.append(name) or Model())
    model = ConfiguredModel(ModelOptions("m", max_crops=2, min_score=0.5))
    assert not loaded
    assert model.load() is model
    model.point(IMAGE, "one")
    assert model.calibrated
    assert loaded == ["m"]
    assert asked == [("one", {"max_crops": 2})], "what scores less is still reported as seen"


def test_what_cannot_be_loaded_is_told_by_load():
    with pytest.raises(CheckpointError, match="/no/such"):
        ConfiguredModel(ModelOptions("/no/such/checkpoint")).load()
