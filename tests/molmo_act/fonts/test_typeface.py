"""Text on images: every character in a font that has it, in one line."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from molmo_act.fonts import typeface as module
from molmo_act.fonts.typeface import BUNDLED, Typeface
from tests.support.paths import ROOT

HANZI = ROOT / "tests" / "data" / "fonts" / "hanzi.ttf"


@pytest.fixture
def hanzi(monkeypatch):
    """The machine has one font, of three characters."""
    monkeypatch.setattr(module, "font_with", lambda character: HANZI if character in "紅杯子" else None)


def drawn(text: str, size: float = 20) -> np.ndarray:
    image = Image.new("RGB", (400, 40))
    Typeface(size).draw(ImageDraw.Draw(image), (200.0, 20.0), text, (255, 255, 255))
    return np.asarray(image)[..., 0]


def by_hand(text: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
    image = Image.new("RGB", (400, 40))
    ImageDraw.Draw(image).text((200, 20), text, (255, 255, 255), font, anchor="mm")
    return np.asarray(image)[..., 0]


def test_plain_text_is_drawn_by_the_font_of_pillow():
    text = "the red mug: 3 points"
    assert (drawn(text) == by_hand(text, ImageFont.load_default(20))).all()


@pytest.mark.parametrize("text", ["красная кружка", "Größe", "κόκκινο", "café – 5 €"])
def test_other_european_text_is_drawn_by_the_bundled_font(text):
    assert (drawn(text) == by_hand(text, ImageFont.truetype(BUNDLED, 20))).all()


def test_letters_and_their_accents_are_one():
    assert (drawn("cafe\u0301") == drawn("café")).all()


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("கப்", ["க", "ப்"]),  # a sign without a combining class
        ("កែវ", ["កែ", "វ"]),  # a sign that takes room of its own
        ("ක්‍ර", ["ක්\u200d", "ර"]),
    ],
)
def test_vowel_signs_stay_with_their_letter(monkeypatch, text, letters):
    asked = []
    monkeypatch.setattr(module, "font_with", lambda letter: asked.append(letter) or HANZI)
    assert [part for _, part in Typeface(20).runs(text)] == [text]
    assert asked == letters


def test_every_part_is_drawn_by_a_font_that_has_it(hanzi):
    runs = Typeface(20).runs("mug 紅杯 (子) я")
    assert [part for _, part in runs] == ["mug ", "紅杯 ", "(", "子", ") я"]
    assert [font.getname()[0] for font, _ in runs] == ["DejaVu Sans", "Hanzi of molmo_act tests"] * 2 + [
        "DejaVu Sans"
    ]
    assert not (drawn("紅") == drawn("杯")).all()


def test_a_mixed_text_lies_in_the_middle(hanzi):
    columns = np.flatnonzero(drawn("mug 紅杯子 mug").any(axis=0))
    assert (columns[0] + columns[-1]) / 2 == pytest.approx(200, abs=2)
    face = Typeface(20)
    assert columns[-1] - columns[0] == pytest.approx(
        face.length("mug 紅杯子 mug"), abs=6
    )  # less the edges of the first and the last
    assert face.box("mug 紅杯子 mug")[0] == pytest.approx(face.length("mug 紅杯子 mug"))
    assert face.box("") == (0, 0)


def test_what_no_font_has_is_a_box(hanzi):
    assert (drawn("あ") == drawn("い")).all()
    assert drawn("あ").any()
