"""ask: what it prints while words come, in JSON, and on images."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from molmo_act.cli import main as cli
from molmo_act.io.image import load_image
from tests.support.families import Speaks, family
from tests.support.synthetic import synthetic_image

SAID = 'Two <points coords="1 1 500 250 2 100 100">red mugs</points> stand here.'


@pytest.fixture
def model(monkeypatch):
    loaded = family("molmo2")
    monkeypatch.setattr("molmo_act.cli.ask.load_model", lambda arguments: loaded)
    return loaded


@pytest.fixture
def picture(tmp_path) -> str:
    path = tmp_path / "mugs.png"
    Image.fromarray(synthetic_image(1, 60, 90)).save(path)
    return str(path)


def test_a_person_gets_the_words_and_the_marked_image(model, picture, tmp_path, capsys):
    out = str(tmp_path / "out.png")
    with Speaks(model, SAID):
        assert cli.main(["ask", picture, "What is there?", "--out", out]) == 0
    assert capsys.readouterr().out == "Two red mugs stand here.\n"
    assert (load_image(out) != load_image(picture)).any()


def test_json_is_the_answer_and_nothing_else(model, picture, capsys):
    with Speaks(model, SAID):
        assert cli.main(["ask", picture, picture, "What is there?", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["source"] == [picture, picture]
    assert said["text"] == "Two red mugs stand here."
    assert [one["query"] for one in said["points"]] == ["red mugs"]
    assert said["count"] == 2


def test_a_question_about_nothing_to_see_with_its_options(model, capsys):
    with Speaks(model, "yes it is", "yes it is") as speaker:
        assert cli.main(["ask", "Is it?", "--style", "vqa2"]) == 0
        assert cli.main(["ask", "Is it?", "--max-new-tokens", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("yes it is\n")
    assert "cut short" in captured.err
    assert "vqa2: Is it?" in speaker.prompts[0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["What?", "--out", "a.png"], "--out draws on an image"),
        (["What?", "--start", "1"], "--start is for videos"),
        (["-", "-", "What?"], "given twice"),
        (["missing.png", "What?"], "does not exist"),
        ([" "], "The question is empty"),
        (["What?", "--style", "<|im_end|>"], "The style"),
    ],
)
def test_what_cannot_be_asked_is_one_line(model, words, says, capsys):
    assert cli.main(["ask", *words]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_nano_says_that_it_does_not_answer(picture, capsys):
    assert cli.main(["ask", picture, "What is there?"]) == 2
    assert "was taught to point, not to answer questions" in capsys.readouterr().err
