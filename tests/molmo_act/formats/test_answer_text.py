"""What people read of answers, whole and as they come, and the tags in them."""

from __future__ import annotations

import random

import pytest

from molmo_act.formats.answer_text import PointTag, ReadableStream, point_tags, readable

WHOLE = [
    (
        'Counting the <points coords="1 1 555 169 2 649 154">mugs</points> shows a total of 2.',
        "Counting the mugs shows a total of 2.",
        ["mugs"],
    ),
    (
        ' The <point x="63.5" y="52.2" alt="the red mug">mug</point>  and the\n'
        '<points x1="1.0" y1="2.0" x2="3.0" y2="4.0" alt="forks &amp; knives">cutlery</points>. ',
        "The mug  and the\ncutlery.",
        ["the red mug", "forks & knives"],
    ),
    (
        '<points coords="<POINT_276><POINT_727><POINT_731>1<POINT_725>">background</points>',
        "background",
        ["background"],
    ),
    ("<tracks coords='0.5 1 100 200;1.0 1 110 210'>猫</tracks>です", "猫です", ["猫"]),
    ('a <point x="1" y="2"/> b', "a  b", [""]),
    # cut short by the end of an answer
    ('See <points coords="1 1 555 169 2 64', "See", [""]),
    ('See <points coords="1 1 555 169">the re', "See the re", ["the re"]),
    ("See <points", "See", [""]),
    # no tags
    ("3 < 4, <b>bold</b> and <points of light>", "3 < 4, <b>bold</b> and <points of light>", []),
    ("stray <POINT_7> tokens", "stray  tokens", []),
    ("", "", []),
]


@pytest.mark.parametrize(("written", "read", "labels"), WHOLE)
def test_people_read_words_and_labels(written, read, labels):
    assert readable(written) == read
    assert [tag.label for tag in point_tags(written)] == labels


def test_a_tag_says_where_it_stands():
    written = 'The <point x="1" y="2" alt="mug">mug</point>!'
    assert point_tags(written) == [PointTag(4, 44, "mug")]
    assert written[4:44].endswith("</point>")


def pieces_of(written: str, step: int) -> list[str]:
    stream = ReadableStream()
    ends = [*range(step, len(written), step), len(written)]
    return [*(stream.feed(written[:end]) for end in ends), stream.end(written)]


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize("written", [case[0] for case in WHOLE])
def test_pieces_are_whole_words_and_together_the_whole(written, step):
    pieces = pieces_of(written, step)
    text = readable(written)
    assert "".join(pieces) == text
    place = 0
    for piece in pieces[:-1]:
        place += len(piece)
        assert not piece or place == len(text) or text[place].isspace() or ord(piece[-1]) > 0x2E80


def test_whatever_a_model_writes_the_pieces_are_the_whole():
    parts = ["<", "points", ' coords="', "1 1 5", " ", '">', "mug", "</points>", "<POINT_", "12", ">", "\n"]
    parts += ["word ", "日", "point", ' x="1"', "'", '"', "=", "/", "<tracks", "<POINT_3>", "</", "é"]
    rng = random.Random(20)
    for _ in range(2000):
        written = "".join(rng.choice(parts) for _ in range(rng.randrange(1, 25)))
        assert "".join(pieces_of(written, 1)) == readable(written), written
