"""Streams: pieces, their end, and that closing one stops the model."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

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
    with pytest.raises(InputError, match="closed before the answer was complete"):
        _ = stream.answer


LIMIT = 120  # seconds, only against hangs


@pytest.mark.parametrize("name", ["molmo2", "molmo_point"])
@pytest.mark.parametrize("at", [1, 3])
def test_another_thread_stops_the_model_at_its_next_step(name, at):
    model, steps = family(name), []
    running, closed = threading.Event(), threading.Event()

    def stay(*_: object) -> None:
        steps.append(1)
        if len(steps) == at:
            running.set()
            assert closed.wait(LIMIT)

    stream = model.answer(IMAGE, "How many mugs are there?", max_new_tokens=200, stream=True)
    hook = model.model.model.language_model.layers[0].mlp.register_forward_hook(stay)
    with ThreadPoolExecutor(1) as threads:
        words = threads.submit(list, stream)
        try:
            assert running.wait(LIMIT)
            stream.close()
            stream.close()
            assert stream.ended
        finally:
            closed.set()
            found = words.result(LIMIT)
            hook.remove()
    assert "".join(found) == stream.text
    assert len(steps) == at, "the model ran on"
    assert next(stream, None) is None
    assert stream._pieces.gi_frame is None, "it holds its cache"


def test_a_model_stops_within_a_list_of_points_too():
    """The words between are one piece, however many points stand in their tag."""
    model, steps = family("molmo2"), []
    tag = '<points coords="' + "1 1 500 250 " * 50 + '">mugs</points>'
    with Speaks(model, tag):
        stream = model.answer(IMAGE, "Where are the mugs?", max_new_tokens=400, stream=True)

        def stop(*_: object) -> None:  # as a signal handler may
            steps.append(1)
            if len(steps) == 5:
                stream.close()

        hook = model.model.register_forward_hook(stop)
        try:
            assert list(stream) == []
        finally:
            hook.remove()
    assert len(steps) == 5


def test_reading_within_the_model_is_one_error():
    model = family("molmo2")
    stream = model.answer(None, "What is there?", max_new_tokens=5, stream=True)
    hook = model.model.register_forward_hook(lambda *_: next(stream))
    try:
        with pytest.raises(InputError, match="within its own model"):
            next(stream)
    finally:
        hook.remove()
    assert stream.ended
    with pytest.raises(InputError, match="failed before the answer was complete"):
        _ = stream.answer


def test_threads_that_read_one_stream_get_a_piece_each():
    model = family("molmo2")
    text = " ".join(f"word{number}" for number in range(20))
    with Speaks(model, text):
        stream = model.answer(None, "Say them.", stream=True)
        with ThreadPoolExecutor(3) as threads:
            shares = list(threads.map(list, [stream] * 3))
    assert sorted("".join(chain.from_iterable(shares)).split()) == sorted(text.split())
    assert stream.answer.text == text


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
