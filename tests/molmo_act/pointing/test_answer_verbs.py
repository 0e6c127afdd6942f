"""answer and chat as a caller meets them; what comes back is tested beside the modules that make it."""

from __future__ import annotations

import inspect

import molmo_act
from molmo_act.generation.limits import ANSWER_TOKENS
from molmo_act.pointing import answer_request
from tests.support.families import Speaks, family


def test_every_option_of_answer_is_one_of_chat():
    named = set(inspect.signature(molmo_act.PointingModel.answer).parameters)
    options = named - {"self", "image", "question", "max_new_tokens", "stream"}
    taken = set(inspect.signature(answer_request.answer_request).parameters) - {"runtime", "image"}
    assert options == taken
    asked = inspect.signature(molmo_act.Chat.ask).parameters
    assert {"question", "max_new_tokens", "stream"} == set(asked) - {"self"}
    assert asked["max_new_tokens"].default == ANSWER_TOKENS


def test_options_of_a_chat_hold_for_every_turn():
    with Speaks(family("molmo2"), "a", "b") as speaker:
        chat = family("molmo2").chat(style="vqa2")
        chat.ask("One?")
        chat.ask("Two?")
    assert "vqa2: One?" in speaker.prompts[1]
    assert "vqa2: Two?" in speaker.prompts[1]
