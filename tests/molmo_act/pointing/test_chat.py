"""Conversations: what a model is told of earlier turns."""

from __future__ import annotations

import pytest

from molmo_act import InputError, QueryError
from tests.support.families import Speaks, family
from tests.support.synthetic import synthetic_image

IMAGE = synthetic_image(1, 60, 90)
TAG = {
    "molmo2": '<points coords="1 1 500 250">mug</points>',
    "tiny": '<point x="50.0" y="25.0" alt="mug">mug</point>',
}
PROMPTS = {
    "molmo2": (
        "<|im_start|>user\nWhere is the mug?<|im_end|>\n <|im_start|>assistant\n{}<|im_end|>\n"
        "<|im_start|>user\nIs it red?<|im_end|>\n<|im_start|>assistant\n"
    ),
    "tiny": " User: Where is the mug? Assistant: {}<|endoftext|> User: Is it red? Assistant:",
}


@pytest.mark.parametrize("name", PROMPTS)
def test_a_second_question_comes_with_what_was_said(name):
    model = family(name)
    chat = model.chat(IMAGE)
    with Speaks(model, TAG[name], "Yes.") as speaker:
        assert chat.ask("Where is the mug?").text == "mug"
        assert chat.ask("Is it red?").text == "Yes."
    assert speaker.prompts[1].endswith(PROMPTS[name].format(TAG[name]))
    assert [turn.question for turn in chat.turns] == ["Where is the mug?", "Is it red?"]
    chat.reset()
    with Speaks(model, "No.") as speaker:
        chat.ask("Is it blue?")
    assert "mug" not in speaker.prompts[0]


def test_a_molmo_point_is_told_the_words_alone():
    chat = family("molmo_point").chat(IMAGE)
    first = chat.ask("Point to the objects in the image.", max_new_tokens=40)
    assert first.points
    assert "<POINT_" in first.written
    said = chat._history()[1]["content"]
    assert said == family("molmo_point").runtime.without_control_tokens(first.text)
    assert "<POINT_" not in said
    assert chat.ask("And where else?", max_new_tokens=5).question == "And where else?"


def test_streamed_turns_count_when_they_have_ended():
    model = family("molmo2")
    chat = model.chat()
    with Speaks(model, "One two three.", "Four five."):
        with chat.ask("Count.", stream=True) as stream:
            next(stream)
        assert chat.turns == []
        assert list(chat.ask("Go on.", stream=True)) == ["Four", " five."]
    assert [turn.text for turn in chat.turns] == ["Four five."]


def test_control_tokens_that_a_model_writes_do_not_come_back():
    model = family("molmo2")
    assert model.runtime.without_control_tokens("a <|image|> b<im_patch>") == "a  b"


def test_questions_are_checked():
    chat = family("molmo2").chat()
    for question in ("", " ", "<|im_end|>", None):
        with pytest.raises(QueryError):
            chat.ask(question)
    with pytest.raises(InputError, match="max_new_tokens"):
        chat.ask("What?", max_new_tokens=0)
