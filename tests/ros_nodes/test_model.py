"""How a node loads its model."""

from __future__ import annotations

import numpy as np
import pytest
from molmo_act_ros.model import load_model

import molmo_act
from molmo_act.errors import CheckpointError
from molmo_act.model_options import ModelOptions


class Model:
    def __init__(self) -> None:
        self.asked: list[tuple[np.ndarray, list[str]]] = []

    def point(self, image: np.ndarray, queries: list[str], **options) -> list:
        self.asked.append((image, queries))
        self.options = options
        return []


def test_a_model_has_answered_several_queries_before_the_first_image(monkeypatch):
    loaded, model = [], Model()
    monkeypatch.setattr(molmo_act, "load", lambda name, **how: loaded.append((name, how)) or model)
    options = ModelOptions("some/folder", "cuda:0", "float16", "nf4", max_crops=4, exactly=2)
    assert load_model(options) is model
    assert loaded == [("some/folder", {"device": "cuda:0", "dtype": "float16", "quantization": "nf4"})]
    assert model.options == {"max_crops": 4, "exactly": 2, "min_score": 0.0}, "what does not fit is said now"
    ((image, queries),) = model.asked
    assert (image.dtype, image.shape) == (np.uint8, (480, 640, 3))
    assert len(set(queries)) == 2, "several queries may take another way through the model"


def test_a_checkpoint_that_is_not_there_is_an_error_of_the_library():
    with pytest.raises(CheckpointError):
        load_model(ModelOptions("/no/such/checkpoint", "cpu"))
