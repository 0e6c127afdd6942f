"""Conversations: what a model is told of earlier turns."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act import InputError, QueryError
from molmo_act.io.video_writer import video_writer
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


def test_a_reset_forgets_the_answer_that_is_coming():
    model = family("molmo2")
    chat = model.chat()
    with Speaks(model, "One two three.", "Four five.") as speaker:
        stream = chat.ask("Count.", stream=True)
        next(stream)
        chat.reset()
        assert list(stream) == []
        assert chat.turns == []
        assert chat.ask("Go on.").text == "Four five."
    assert "Count." not in speaker.prompts[1]
    assert [turn.question for turn in chat.turns] == ["Go on."]


def test_an_answer_that_ends_with_a_reset_belongs_to_what_was_forgotten():
    model = family("molmo2")
    chat = model.chat()
    with Speaks(model, "One."):
        stream = chat.ask("Count.", stream=True)
        kept = stream._done
        chat.reset()
        kept(model.answer(None, "Count."))  # the reading thread was just about to keep it
    assert chat.turns == []


def test_one_question_at_a_time():
    model = family("molmo2")
    chat = model.chat()
    with Speaks(model, "One two three.", "Four.", "Five."):
        stream = chat.ask("Count.", stream=True)
        next(stream)
        for more in (False, True):
            with pytest.raises(
                InputError, match="stream of the last question is still open; read it to its end"
            ):
                chat.ask("Go on.", stream=more)
        assert stream.read().text == "One two three."  # the error has lost nothing
        assert chat.ask("Go on.").text == "Four."
        chat.ask("Dropped.", stream=True)
        assert chat.ask("And?").text == "Five."
    assert [turn.text for turn in chat.turns] == ["One two three.", "Four.", "Five."]


def test_a_question_that_failed_is_not_open():
    chat = family("molmo2").chat()
    stream = chat.ask("a " * 1500, stream=True)
    with pytest.raises(InputError, match="tokens"):
        next(stream)
    assert chat.ask("What?", max_new_tokens=2).question == "What?"


def test_what_gives_its_frames_once_is_refused_at_once():
    model = family("molmo2")
    for once, says in (
        (iter([IMAGE] * 4), "list_iterator"),
        ((one for one in [IMAGE]), "generator"),
        (0, "live"),
    ):
        with pytest.raises(
            InputError, match=rf"The video of a chat is (a )?{says}.*np\.stack\(list\(frames\)\)"
        ):
            model.chat(once)


def test_a_video_in_a_chat_is_seen_by_every_question(tmp_path):
    model = family("molmo2")
    path = tmp_path / "a.mp4"
    with video_writer(path) as writer:
        for index in range(3):
            writer.write(IMAGE, index / 10)
    with path.open("rb") as opened:
        for video in (opened, np.stack([IMAGE] * 3)):
            chat = model.chat(video)
            with Speaks(model, "a", "b"):
                assert len(chat.ask("One?").image_size) == len(chat.ask("Two?").image_size) > 0


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
