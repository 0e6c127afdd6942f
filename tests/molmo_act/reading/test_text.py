"""ReadText is a value that goes to JSON and back."""

from __future__ import annotations

import json

import pytest

from molmo_act.errors import InputError
from molmo_act.reading.text import ReadText, TextLine, overlap, union
from tests.support.written_screen import read_line, read_text


def test_json_and_back():
    text = ReadText((read_line("Save as", 10, 20, confidence=0.5),), (640, 480), truncated=True)
    assert ReadText.from_dict(json.loads(text.to_json())) == text


def test_lines_are_text():
    text = read_text(read_line("File Edit", 0, 0), read_line("Save", 0, 40))
    assert text.text == "File Edit\nSave"
    assert (len(text), [line.confidence for line in text]) == (2, [0.99, 0.99])


def test_a_line_without_words_is_refused():
    with pytest.raises(InputError, match="has no words; expected at least one"):
        TextLine((), (0, 0, 1, 1))


@pytest.mark.parametrize("box", [[1, 2, 3], "abcd", [1, 2, 3, None]])
def test_damaged_json_is_refused(box):
    stored = read_text(read_line("Save", 0, 0)).to_dict()
    stored["lines"][0]["box"] = box
    with pytest.raises(InputError, match="box"):
        ReadText.from_dict(stored)


def test_boxes():
    assert union((0, 0, 2, 2), (1, 1, 5, 3)) == (0, 0, 5, 3)
    assert (overlap((0, 0, 2, 2), (1, 1, 5, 3)), overlap((0, 0, 1, 1), (2, 2, 3, 3))) == (1, 0)
