"""Options of a model that programs have in common: how it is loaded, and how it is asked."""

from __future__ import annotations

import argparse

import pytest

import molmo_act
from molmo_act.cli.model_arguments import add_model_arguments, model_options
from molmo_act.embedded.providers import check_providers
from molmo_act.errors import InputError
from molmo_act.model_options import ModelOptions


def test_a_model_is_loaded_and_asked_as_its_options_say(monkeypatch):
    monkeypatch.setattr(molmo_act, "load", lambda *given, **how: (given, how), raising=False)
    assert ModelOptions().load() == ((None,), {"device": None, "dtype": None, "quantization": None})
    options = ModelOptions("m", "cpu", "fp32", "int8", max_crops=3, exactly=2, min_score=0.5, prompt="gui")
    assert options.load() == (("m",), {"device": "cpu", "dtype": "fp32", "quantization": "int8"})
    assert ModelOptions("m", providers=["A", "B"]).load()[1]["providers"] == ["A", "B"]
    assert ModelOptions("m", reader="rapidocr").load()[1]["reader"] == "rapidocr"
    assert ModelOptions().point_options == {"min_score": 0.0}
    asked = {"max_crops": 3, "exactly": 2, "min_score": 0.5, "prompt": "gui"}
    assert options.point_options == asked


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"min_score": 1.5}, "min_score"),
        ({"exactly": 0}, "exactly"),
        ({"max_crops": 0}, "max_crops"),
        ({"reader": "x"}, "reader"),
    ],
)
def test_numbers_of_a_model_that_are_out_of_range_are_refused(given, told):
    with pytest.raises(InputError, match=told):
        ModelOptions(**given)


def from_command_line(words):
    parser = argparse.ArgumentParser()
    add_model_arguments(parser)
    return model_options(parser.parse_args(words))


def from_node(providers):
    pytest.importorskip("rclpy", reason="needs the extra ros")
    from molmo_act_ros.parameters import PointSetup

    return PointSetup(providers=providers).options


@pytest.mark.parametrize(
    "make",
    [
        lambda: ModelOptions("m", providers="auto"),
        lambda: ModelOptions("m", providers=["auto"]),
        lambda: from_command_line(["--provider", "auto"]),
        lambda: from_node(("auto",)),
        lambda: from_node(("auto", "")),
    ],
    ids=["text", "list", "command line", "node", "node with a blank"],
)
def test_auto_asks_for_the_best_providers_through_every_front_end(make, monkeypatch):
    given = []
    monkeypatch.setattr(
        molmo_act,
        "load",
        lambda name, providers, **how: given.append(check_providers(providers)),
        raising=False,
    )
    make().load()
    assert given == [()]


@pytest.mark.parametrize(
    "make",
    [
        lambda: ModelOptions("m", providers="CPUExecutionProvider"),
        lambda: ModelOptions("m", providers=5),
        lambda: from_command_line(["--provider", ""]),
        lambda: from_command_line(["--provider", "auto", "--provider", "CPUExecutionProvider"]),
        lambda: from_node(("auto", "CPUExecutionProvider")),
    ],
    ids=["text", "number", "blank", "command line", "node"],
)
def test_what_load_refuses_as_providers_is_refused(make, monkeypatch):
    monkeypatch.setattr(
        molmo_act, "load", lambda name, providers, **how: check_providers(providers), raising=False
    )
    with pytest.raises(InputError, match=r"providers is .*; expected a list of execution providers"):
        make().load()
