"""Words far apart in a line are two labels; lines close below one another may be one."""

from __future__ import annotations

from molmo_act.reading.grouping import groups
from molmo_act.reading.text import TextLine
from tests.support.written_screen import read_line, read_text


def texts(text):
    return [" / ".join(" ".join(word.text for word in line) for line in group) for group in groups(text)]


def test_a_gap_parts_a_line():
    left, right = read_line("Name", 0, 0), read_line("Size", 100, 0)
    line = TextLine((*left.words, *right.words), (0, 0, 132, 16))
    assert texts(read_text(line)) == ["Name", "Size"]


def test_lines_below_one_another():
    screen = read_text(
        read_line("Sign in", 0, 0), read_line("with mail", 0, 20), read_line("far away", 0, 100)
    )
    assert texts(screen) == ["Sign in", "with mail", "far away", "Sign in / with mail"]


def test_lines_of_another_size_or_column_are_apart():
    big = read_text(read_line("Title", 0, 0, high=32), read_line("text", 0, 36))
    beside = read_text(read_line("one", 0, 0), read_line("two", 200, 20))
    assert len(texts(big)) == len(texts(beside)) == 2
