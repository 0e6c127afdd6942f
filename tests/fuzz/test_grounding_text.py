"""Grounding tokens, as text and as ids: any answer gives points inside the image, quickly."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.formats.grounding_tokens import AnswerGrammar, PromptIds
from molmo_act.formats.point_extraction import (
    extract_grounding_points,
    extract_grounding_video_points,
)
from tests.support.fuzzing import fuzzed, parses_or_refuses, pieces_of, spliced, st
from tests.support.tiny_checkpoint import tiny_processor

PIECES = [
    *('<points coords="', '">', "</points>", "<tracks", " ", "<POINT_", ">", "<POINT_0><POINT_5><POINT_9>1"),
    *(
        "<POINT_3>",
        "<POINT_4>",
        "<POINT_17>",
        "1",
        " 2",
        "-1",
        "<POINT_99999999999999999999>",
        "٣",
        "<im_end>",
    ),
]
POOLING = np.array([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, -1, -1], [-1, -1, -1, -1]])
MAPPING = np.array([[0, 1, 4, 5], [2, 3, 6, 7]])
SIZE = (40, 20)


@fuzzed(pieces_of(PIECES), spliced(PIECES))
def test_text(text):
    no_more, location, frames = len(text) % 2 == 0, [None, "3x3"][len(text) // 2 % 2], 1 + len(text) // 4 % 2
    with parses_or_refuses():
        arguments = (text, no_more, location, POOLING)
        rows = extract_grounding_points(*arguments, [MAPPING] * frames, [SIZE] * frames)
        times = [0.5 * frame for frame in range(frames)]
        at_times = extract_grounding_video_points(*arguments, np.stack([MAPPING] * frames), times, SIZE)
        for (object_id, index, x, y), row in zip(rows, at_times, strict=True):
            assert row == [object_id, times[index], x, y]
            assert object_id >= 0
            assert 0 <= x <= SIZE[0]
            assert 0 <= y <= SIZE[1]


GRAMMAR = AnswerGrammar.of(tiny_processor().tokenizer)
IDS = PromptIds(GRAMMAR.opening[-1] + 1000, 4, 4, 9, True)
DIGITS = sorted(GRAMMAR.digits)


TOKENS = (
    st.integers(IDS.start, IDS.start + 30)
    | st.sampled_from([*DIGITS, *GRAMMAR.opening, *GRAMMAR.closing, GRAMMAR.space or 0])
    | st.integers(0, 2**40)
)


def shuffled(tokens, rng):
    return [rng.choice([token, token + 1, rng.choice(DIGITS)]) for token in rng.sample(tokens, len(tokens))]


@fuzzed(st.lists(TOKENS, max_size=60), shuffled)
def test_ids(tokens):
    with parses_or_refuses():
        found = GRAMMAR.parse(tokens, IDS)
        assert len(found.positions) == len(found.object_ids) == len(found.triples)
        assert ((found.triples >= 0) & (found.triples < [4, 4, 9])).all()


@pytest.mark.parametrize("piece", PIECES)
def test_long_answers(piece):
    with parses_or_refuses():
        extract_grounding_points(piece * (100_000 // len(piece)), True, "3x3", POOLING, [MAPPING], [SIZE])
