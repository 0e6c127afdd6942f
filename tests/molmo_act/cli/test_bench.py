"""Timing on the tiny checkpoint: both ways give the same answer, or are refused."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import molmo_act
from molmo_act import InputError, QueryError
from molmo_act.cli.bench import time_answer
from molmo_act.cli.main import main
from tests.support.tiny_checkpoint import TINY, load_case
from tests.support.without_packages import run_without


@pytest.fixture(scope="module")
def model() -> molmo_act.PointingModel:
    return molmo_act.load(TINY, device="cpu")


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return load_case("image_one")[1]["image_0"]


def test_both_ways_are_timed(model, picture):
    found = time_answer(model, picture, "the boats", rounds=2)
    assert set(found["ms"]) == {"plain_prefill", "plain_decode", "prefill", "decode"}
    for taken in found["ms"].values():
        assert 0 <= taken["least"] <= taken["median"] <= taken["most"]
    assert found["points"] > 0
    assert found["forward_passes"] < found["answer_tokens"]
    assert (found["device"], found["dtype"]) == ("cpu", "float32")


def test_different_answers_are_not_compared(model, picture, monkeypatch):
    monkeypatch.setattr("molmo_act.cli.bench.generate", lambda *_: ([1, 2, 3], 1.0))
    with pytest.raises(InputError, match="answer differently"):
        time_answer(model, picture, "the boats", rounds=1)


def test_queries_are_checked(model, picture):
    with pytest.raises(QueryError, match="empty"):
        time_answer(model, picture, " ")


def test_command(tmp_path, picture, capsys):
    from PIL import Image

    path = tmp_path / "picture.png"
    Image.fromarray(picture).save(path)
    words = ["bench", str(path), "the boats", "--model", str(TINY), "--device", "cpu", "--rounds", "1"]
    assert main(words) == 0
    assert "generate prefill" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["points"] > 0


def test_an_exported_model_is_refused_by_name():
    with pytest.raises(InputError, match="nano-int8 is an exported model; expected a checkpoint"):
        time_answer(SimpleNamespace(name="nano-int8"), "image.png", "it")


def test_without_torch_it_says_so_in_one_line(tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "image.png")
    done = run_without("torch,transformers", ["bench", str(tmp_path / "image.png"), "red"], tmp_path)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("molmo-act: error: bench, which times the engine")
    assert "which is not installed. Install it with: " in line
