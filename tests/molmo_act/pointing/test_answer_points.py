"""Points behind words: which tag each belongs to, and how likely the model was to write it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from molmo_act.formats.token_text import TokenText
from molmo_act.generation.outputs import GeneratedAnswer
from molmo_act.pointing.answer_points import labelled_points
from tests.support.families import family

SIZES = {"image_sizes": [(640, 480)]}


def read(name: str, text: str):
    """The points of an answer, each of whose tokens has a probability of its own; and these."""
    runtime = family(name).runtime
    ids = runtime.tokenizer.encode(text, add_special_tokens=False)
    written = TokenText(runtime.tokenizer)
    written.feed(ids)
    written.end()
    shares = [0.9 + 0.1 / (2 + index) for index in range(len(ids))]
    answer = GeneratedAnswer(tokens=ids, probabilities=shares)
    return labelled_points(runtime, answer, written, SIZES), written, shares


def chance(written: TokenText, shares: list[float], part: str) -> float:
    first = written.text.index(part)
    last = first + len(part)
    spans = zip(written.spans, shares, strict=True)
    return math.prod(share for (begin, end), share in spans if begin < last and end > first)


def test_scores_are_of_the_tokens_that_write_a_point():
    text = (
        'A <points coords="1 1 555 169 2 649 154">mug</points> and <points coords="1 1 100 200">it</points>'
    )
    points, written, shares = read("molmo2", text)
    assert list(points) == ["mug", "it"]
    expected = [chance(written, shares, part) for part in ("1 555 169", "2 649 154")]
    np.testing.assert_allclose(points["mug"].score, expected, rtol=1e-6)
    assert len(set(points["mug"].score.tolist())) == 2
    np.testing.assert_allclose(points["it"].score, [chance(written, shares, "1 100 200")], rtol=1e-6)
    assert points["it"].text == '<points coords="1 1 100 200">it</points>'
    assert math.isnan(points["it"].absent)


def test_a_label_that_comes_twice_is_numbered_through_where_points_have_no_numbers():
    text = ' <point x="10.0" y="10.0" alt="mug">one</point> <point x="20.0" y="20.0" alt="mug">other</point>'
    points, _, _ = read("tiny", text)
    assert list(points) == ["mug"]
    assert points["mug"].object_id.tolist() == [1, 2]
    np.testing.assert_allclose(points["mug"].xy, [[64, 48], [128, 96]])


@pytest.mark.parametrize("text", ["There are none.", "See (10.0, 20.0) and 1 200 300.", "<points of light>"])
@pytest.mark.parametrize("name", ["molmo2", "tiny"])
def test_numbers_in_prose_are_no_points(name, text):
    assert read(name, text)[0] == {}


def test_of_a_tag_that_is_cut_short_the_whole_points_count():
    points, _, _ = read("molmo2", 'See <points coords="1 1 500 500 2 64')
    assert points[""].xy.tolist() == [[320, 240]]
