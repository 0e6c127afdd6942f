"""Labels are found in spite of case, typos, reading mistakes, broken lines and ellipses; others are not."""

from __future__ import annotations

import pytest

from molmo_act.reading.matching import LEAST_ALIKE, find_label, folded, weighted_distance
from tests.support.written_screen import read_line, read_text

SCREEN = read_text(
    read_line("File Edit View", 10, 10),
    read_line("Save", 100, 100),
    read_line("Save as draft", 100, 200),
    read_line("Sign in with", 300, 100),
    read_line("Facebook", 316, 120),
    read_line("A very long docum…", 10, 300),
    read_line("l0gin", 400, 300),
)


def best(label):
    found = find_label(SCREEN, label)
    return (found[0].text, found[0].similarity) if found else None


@pytest.mark.parametrize(
    ("label", "text", "least"),
    [
        ("Edit", "Edit", 1),
        ("edit", "Edit", 1),
        ("Edt", "Edit", 0.6),
        ("Save", "Save", 1),
        ("save as Draft", "Save as draft", 1),
        ("FileEdit", "File Edit", 1),
        ("login", "l0gin", 0.9),
        ("Sign in with Facebook", "Sign in with Facebook", 1),
        ("A very long document name", "A very long docum…", 0.9),
        ("Sàve", "Save", 1),
    ],
)
def test_found(label, text, least):
    assert best(label)[0] == text
    assert least <= best(label)[1] <= 1


@pytest.mark.parametrize("label", ["Quit", "Preferences", "Sign out of Twitter", "9", "", " "])
def test_not_found(label):
    assert best(label) is None


def test_the_place_is_that_of_the_words_inside_the_line():
    [found] = [match for match in find_label(SCREEN, "Edit") if match.similarity == 1]
    assert found.box == (50, 10, 82, 26)
    assert found.middle == (66, 18)
    assert found.coverage == pytest.approx(4 / 12)
    assert found.whole_words


def test_a_label_that_stands_alone_comes_first():
    first, second = find_label(SCREEN, "Save")[:2]
    assert (first.box[1], first.coverage) == (100, 1)
    assert (second.box[1], second.coverage < 1) == (200, True)


def test_a_part_of_a_word_is_said_to_be_one():
    [found] = find_label(read_text(read_line("Unsaved", 0, 0)), "save")
    assert not found.whole_words


def test_a_broken_label_lies_on_its_widest_line():
    found = find_label(SCREEN, "Sign in with Facebook")[0]
    assert found.box[1] == 100


def test_an_empty_screen_has_nothing():
    assert find_label(read_text(), "Save") == []


def test_distance():
    assert weighted_distance("abc", "abc") == 0
    assert weighted_distance("", "abc") == 3
    assert weighted_distance("o", "0") < 1 - LEAST_ALIKE
    assert folded("ＡＢＣ é") == "abce"


@pytest.mark.parametrize(
    ("label", "written", "is_there"),
    [
        ("2", "26", False),
        ("2", "Sans Bold 2", True),
        ("2", "2.1", False),
        ("a", "Save", False),
        ("C", "AC", False),
        ("-", "<-", False),
        ("MS", "MSV", True),  # an arrow behind it was taken for a letter
        ("%", "%6", True),
        ("OK", "OK", True),
        ("ok", "Look", False),
        ("保存", "保存文件", True),
    ],
)
def test_short_labels_are_whole_words(label, written, is_there):
    assert bool(find_label(read_text(read_line(written, 10, 10)), label)) is is_there
