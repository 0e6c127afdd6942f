"""The alternative that reads: it finds what is written, by likeness, where tesseract is installed."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from model.evaluation.ocr_baseline import Word, best_place, point_by_reading, read_words
from molmo_act.errors import PlatformError


def word(text: str, x: float, y: float, line: str = "1") -> Word:
    return Word(text, (x, y, x + 40, y + 10), (line,))


WORDS = [word("Save", 0, 0), word("as", 50, 0), word("Cancel", 0, 50, "2"), word("Seve", 0, 90, "3")]


@pytest.mark.parametrize(
    ("label", "place"),
    [
        ("Save", (20, 5)),  # the exact one, not the look-alike
        ("save AS", (45, 5)),  # both words
        ("Cancle", (20, 55)),  # misspelt
        ("Preferences", None),  # nothing is like it
    ],
)
def test_the_words_most_alike_are_found(label, place):
    found = best_place(WORDS, label)
    assert (found and found[0]) == place


def test_words_of_different_lines_do_not_belong_together():
    assert best_place([word("Save", 0, 0, "1"), word("as", 0, 50, "2")], "Save as") == (
        (20, 5),
        pytest.approx(8 / 11),
    )


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs tesseract-ocr")
def test_a_drawn_label_is_read_and_pointed_at():
    canvas = Image.new("RGB", (400, 120), "white")
    ImageDraw.Draw(canvas).text((200, 40), "Download", fill="black", font=ImageFont.load_default(20))
    found, nothing = point_by_reading(np.asarray(canvas), ["Download", "Preferences"])
    x, y = found.xy[0]
    assert 200 < x < 310
    assert 40 < y < 65
    assert len(nothing) == 0


def test_without_tesseract_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("model.evaluation.ocr_baseline.shutil.which", lambda name: None)
    with pytest.raises(PlatformError, match="apt-get install tesseract-ocr"):
        read_words(np.zeros((10, 10, 3), np.uint8))
