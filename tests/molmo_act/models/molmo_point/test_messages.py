"""Messages that no chat template can write are one clear error, whatever is wrong with them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.models.molmo_point.messages import checked_conversations
from tests.support.tiny_checkpoint import tiny_processor

TEXT = {"type": "text", "text": "Point to the mug"}
IMAGE = {"type": "image", "image": np.zeros((30, 40, 3), np.uint8)}
USER = {"role": "user", "content": [TEXT, IMAGE]}
BAD = [
    ([], "holds no message"),
    ([[]], "holds no message"),
    (USER, "holds no message"),
    (["hello"], "A message is 'hello'; expected a mapping"),
    ([None], "A message is None"),
    ([[USER], "hello"], "A conversation of the batch is 'hello'"),
    ([{"content": [TEXT]}], "The role of a message is None; expected 'user' or 'assistant'"),
    ([{"role": 5, "content": [TEXT]}], "The role of a message is 5"),
    ([{"role": "system", "content": "Be brief."}, USER], "roles 'system', 'user' (roles must alternate"),
    ([{"role": "assistant", "content": "The mug"}], "roles 'assistant'"),
    ([USER, USER], "in turn, 'user' first"),
    ([{"role": "user"}], "The content of a message is None; expected text, or a list of parts"),
    ([{"role": "user", "content": 5}], "The content of a message is 5"),
    ([{"role": "user", "content": ["the mug"]}], "A part of a message is 'the mug'"),
    ([{"role": "user", "content": [{"text": "the mug"}]}], "The type of a part of a message is None"),
    ([{"role": "user", "content": [TEXT, {"type": "audio", "audio": "a.wav"}]}], "is 'audio'; expected"),
    ([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}], "is 'image_url'"),
    ([{"role": "user", "content": [{"type": "text"}]}], "The text of a part of a message is None"),
    ([{"role": "user", "content": [{"type": "text", "text": 5}]}], "The text of a part of a message is 5"),
]  # fmt: skip


@pytest.mark.parametrize(("conversation", "message"), BAD, ids=[message for _, message in BAD])
@pytest.mark.parametrize("tokenize", [True, False])
def test_bad_messages(conversation, message, tokenize):
    with pytest.raises(InputError, match=re.escape(message)):
        tiny_processor().apply_chat_template(conversation, tokenize=tokenize, return_dict=True)


def test_where_a_system_message_goes():
    with pytest.raises(InputError, match="into the user's text"):
        tiny_processor().apply_chat_template([{"role": "System", "content": "Be brief."}, USER])


@pytest.mark.parametrize("template", ["{{ bad", 5, "{{ messages.x.y }}"])
def test_a_broken_template_is_not_blamed_on_roles(template):
    with pytest.raises(InputError, match=r"cannot write the messages \(.*Check chat_template"):
        tiny_processor().apply_chat_template([USER], chat_template=template)


def test_good_messages_are_left_as_they_are():
    answer = {"role": "Assistant", "content": "there"}
    assert checked_conversations([USER, answer]) == [[USER, answer]]
    assert checked_conversations(([USER], (USER, answer))) == [[USER], [USER, answer]]
    processor = tiny_processor()
    one = processor.apply_chat_template([USER, answer])
    assert processor.apply_chat_template([[USER, answer]]) == [one]
    assert one.startswith("<|image|>")
