"""Streams: pieces, their end, and that closing one stops the model."""

from __future__ import annotations

import pytest

from molmo_act import InputError
from tests.support.families import Speaks, family
from tests.support.synthetic import synthetic_image

IMAGE = synthetic_image(1, 60, 90)


@pytest.mark.parametrize(("name", "image"), [("molmo2", None), ("molmo_point", None), ("molmo_point", IMAGE)])
def test_closing_a_stream_stops_the_model(name, image):
    model, steps = family(name), []
    text = model.model.model.language_model
    hook = text.register_forward_hook(lambda *_: steps.append(1))
    blocks = text.layers[0].mlp.register_forward_hook(lambda *_: steps.append(1))
    try:
        stream = model.answer(image, "How many mugs are there?", max_new_tokens=200, stream=True)
        assert not steps, "the model runs when words are asked for"
        with stream:
            next(stream)
            ran = len(steps)
        assert next(stream, None) is None
        assert len(steps) == ran > 0
    finally:
        hook.remove()
        blocks.remove()
    with pytest.raises(InputError, match="not complete"):
        _ = stream.answer


def test_other_questions_may_be_asked_before_a_stream_ends():
    model = family("molmo_point")
    alone = model.answer(IMAGE, "How many mugs are there?", max_new_tokens=24)
    stream = model.answer(IMAGE, "How many mugs are there?", max_new_tokens=24, stream=True)
    pieces = [next(stream)]
    model.point(IMAGE, "the mug")
    pieces += stream
    assert "".join(pieces) == alone.text
    assert stream.answer.written == alone.written


def test_words_come_one_by_one():
    model = family("molmo2")
    with Speaks(model, 'Two <points coords="1 1 500 250">red mugs</points> stand here.'):
        assert list(model.answer(IMAGE, "What is there?", stream=True)) == [
            *("Two", " red", " mugs", " stand"),
            " here.",
        ]
