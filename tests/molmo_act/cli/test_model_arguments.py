"""The options of a model on the command line become `ModelOptions`."""

from __future__ import annotations

import argparse

import molmo_act
from molmo_act.cli import model_arguments as given
from molmo_act.model_options import ModelOptions


def test_the_model_is_loaded_as_it_was_asked_for(monkeypatch):
    monkeypatch.setattr(molmo_act, "load", lambda *given, **options: (given, options), raising=False)
    parser = argparse.ArgumentParser()
    given.add_model_arguments(parser)
    assert given.load_model(parser.parse_args([])) == (
        (None,),
        {"device": None, "dtype": None, "quantization": None},
    )
    words = ["--model", "m", "--device", "cuda:0", "--dtype", "float16", "--quantization", "nf4"]
    assert given.load_model(parser.parse_args(words)) == (
        ("m",),
        {"device": "cuda:0", "dtype": "float16", "quantization": "nf4"},
    )


def test_what_is_not_given_is_left_alone():
    parser = argparse.ArgumentParser()
    given.add_model_arguments(parser, "--checkpoint")
    given.add_asking_arguments(parser)
    assert given.model_options(parser.parse_args([])) == ModelOptions()
    words = ["--checkpoint", "m", "--max-crops", "4", "--exactly", "2", "--prompt", "gui"]
    asked = ModelOptions("m", max_crops=4, exactly=2, prompt="gui")
    assert given.model_options(parser.parse_args(words)) == asked


def test_bounds_are_options_too():
    parser = argparse.ArgumentParser()
    given.add_model_arguments(parser)
    given.add_bounds(parser)
    assert given.model_options(parser.parse_args(["--min-score", "0.3"])).min_score == 0.3


def test_providers_are_given_one_by_one(monkeypatch):
    monkeypatch.setattr(molmo_act, "load", lambda *given, **options: options["providers"], raising=False)
    parser = argparse.ArgumentParser()
    given.add_model_arguments(parser)
    for words, expected in (
        (["--provider", "A", "--provider", "B"], ["A", "B"]),
        (["--provider", "auto"], ["auto"]),
    ):
        assert given.load_model(parser.parse_args(words)) == expected
