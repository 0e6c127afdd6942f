"""Options of a model that programs have in common: how it is loaded, and how it is asked."""

from __future__ import annotations

import pytest

import molmo_act
from molmo_act.errors import InputError
from molmo_act.model_options import ModelOptions


def test_a_model_is_loaded_and_asked_as_its_options_say(monkeypatch):
    monkeypatch.setattr(molmo_act, "load", lambda *given, **how: (given, how), raising=False)
    assert ModelOptions().load() == ((None,), {"device": None, "dtype": None, "quantization": None})
    options = ModelOptions("m", "cpu", "fp32", "int8", max_crops=3, exactly=2, min_score=0.5, prompt="gui")
    assert options.load() == (("m",), {"device": "cpu", "dtype": "fp32", "quantization": "int8"})
    exported = ModelOptions("m", providers=["A", "B"]), ModelOptions("m", providers=("auto",))
    assert [options.load()[1]["providers"] for options in exported] == [["A", "B"], "auto"]
    assert ModelOptions().point_options == {"min_score": 0.0}
    asked = {"max_crops": 3, "exactly": 2, "min_score": 0.5, "prompt": "gui"}
    assert options.point_options == asked


@pytest.mark.parametrize(
    ("given", "told"),
    [({"min_score": 1.5}, "min_score"), ({"exactly": 0}, "exactly"), ({"max_crops": 0}, "max_crops")],
)
def test_numbers_of_a_model_that_are_out_of_range_are_refused(given, told):
    with pytest.raises(InputError, match=told):
        ModelOptions(**given)
