"""Signs are told by their shape, single characters are read, and what is drawn is neither."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from molmo_act.reading.matching import find_label
from molmo_act.reading.rapidocr_reader import RapidOcrReader
from molmo_act.reading.regions import content_cells
from molmo_act.reading.signs import MOST_SIGNS, lonely_marks, sign_at
from tests.support.written_screen import read_line

FONT = "DejaVuSans.ttf"
KEYS = "-=./+"


def keypad(
    keys: str, *, size: int = 14, ink: str = "black", paper: str = "#eeeeee", page: str = "white"
) -> np.ndarray:
    """Keys of 60 × 40 pixels side by side."""
    image = Image.new("RGB", (60 * len(keys) + 20, 60), page)
    draw = ImageDraw.Draw(image)
    for number, key in enumerate(keys):
        left = 10 + 60 * number
        draw.rectangle(
            (left, 10, left + 54, 48), fill=paper, outline="#888888" if page != "white" else "#c8c8c8"
        )
        draw.text((left + 27, 30), key, fill=ink, font=ImageFont.truetype(FONT, size), anchor="mm")
    return np.array(image)


def signs_of(image: np.ndarray) -> list[str]:
    found = sorted(lonely_marks(image, content_cells(image), []))
    return [sign_at(image, box) for box in found]


@pytest.mark.parametrize("size", [13, 14, 16, 20])
def test_signs(size):
    assert signs_of(keypad(KEYS, size=size)) == [*KEYS]
    assert signs_of(keypad(KEYS, size=size, ink="white", paper="#202020", page="#303030")) == [*KEYS]


@pytest.mark.parametrize("key", ["1", "7", "l", "x", "<", ":", ";", "*", "▼", "→", "T", "Z"])
def test_others_are_none(key):
    assert set(signs_of(keypad(key, size=16))) <= {""}


def test_what_is_written_or_drawn_is_no_sign():
    image = keypad("-")
    assert lonely_marks(image, content_cells(image), [read_line("-", 34, 22)]) == []
    assert lonely_marks(image, np.zeros((8, 10), bool), []) == []
    dots = np.full((200, 800, 3), 255, np.uint8)
    dots[10::20, 10::16] = dots[11::20, 10::16] = dots[10::20, 11::16] = dots[11::20, 11::16] = 0
    assert len(dots[10::20, 10::16].reshape(-1, 3)) > MOST_SIGNS
    assert lonely_marks(dots, np.ones((25, 100), bool), []) == []
    assert sign_at(np.full((20, 20, 3), 255, np.uint8), (2.0, 2.0, 9.0, 9.0)) == ""


def test_a_keypad_is_read():
    pytest.importorskip("rapidocr", reason="needs the extra ocr")
    keys = "7-=./9+"
    text = RapidOcrReader().read(keypad(keys))
    for number, key in enumerate(keys):
        [found] = [match for match in find_label(text, key) if match.similarity == 1]
        assert abs(found.middle[0] - (37 + 60 * number)) < 8
