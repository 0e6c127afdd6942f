"""Fonts are found by the characters that they have, wherever the machine keeps them."""

from __future__ import annotations

import logging
import shutil

import pytest
from PIL import ImageFont

from molmo_act.fonts import system
from molmo_act.fonts.typeface import BUNDLED
from tests.support.paths import ROOT

HANZI = ROOT / "tests" / "data" / "fonts" / "hanzi.ttf"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The only folder of fonts of this machine."""
    monkeypatch.setattr(system, "_folders", lambda: [tmp_path])
    caches = (system.system_fonts, system.font_with, system._probe, system._log_missing)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize(
    "text", ["Größe żółć ğışő", "Красная кружка Ґґ", "Το κόκκινο φλιτζάνι", "“x” → ≤ ✓ € …"]
)
def test_the_bundled_font_has_latin_greek_and_cyrillic(text):
    font = ImageFont.truetype(BUNDLED, 20)
    assert all(system.has_glyph(font, character) for character in text)
    assert not any(system.has_glyph(font, character) for character in "紅あ한\u200b")


def test_a_font_is_found_by_what_it_has(folder):
    (folder / "deeper").mkdir()
    shutil.copy(BUNDLED, folder / "A.ttf")
    shutil.copy(HANZI, folder / "deeper" / "Z.ttf")
    (folder / "B.ttf").write_bytes(b"no font")
    (folder / "C.txt").touch()
    assert system.font_with("紅") == folder / "deeper" / "Z.ttf"
    assert system.font_with("я") == folder / "A.ttf"


def test_a_font_that_has_all_of_a_letter_goes_before_one_that_has_some(folder, caplog):
    shutil.copy(HANZI, folder / "A.ttf")
    shutil.copy(BUNDLED, folder / "Z.ttf")
    assert system.font_with("я\u0301") == folder / "Z.ttf"
    assert system.font_with("é") == folder / "Z.ttf"
    assert not caplog.messages
    assert system.font_with("紅я") == folder / "A.ttf"
    assert "No font of this machine has all" in caplog.text


def test_fonts_of_many_scripts_come_first(folder):
    for name in ("Aa.ttf", "Aa-Bold.ttf", "NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc", "Zz.otf"):
        (folder / name).touch()
    assert [path.name for path in system.system_fonts()] == [
        "NotoSansCJK-Regular.ttc",
        "NotoSansCJK-Bold.ttc",
        "Aa.ttf",
        "Zz.otf",
        "Aa-Bold.ttf",
    ]


def test_what_no_font_has_is_logged_once_for_each_script(folder, caplog):
    with caplog.at_level(logging.WARNING):
        assert [system.font_with(character) for character in "紅杯あ"] == [None] * 3
    assert len(caplog.messages) == 2
    assert "has all Cjk characters" in caplog.messages[0]
    assert "Noto Sans CJK" in caplog.messages[0]


def test_the_advice_names_a_font_that_has_the_characters(folder, caplog):
    with caplog.at_level(logging.WARNING):
        assert [system.font_with(character) for character in "😀🚗ไ\ue000"] == [None] * 4
    emoji, thai, *others = caplog.messages
    assert "emoji and symbol characters" in emoji
    assert "Noto Emoji" in emoji
    assert "Noto Sans Thai" in thai
    assert others == []


def test_a_machine_without_fonts(tmp_path, monkeypatch, folder):
    monkeypatch.setattr(system, "_folders", lambda: [tmp_path / "none"])
    assert system.font_with("紅") is None


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_system_has_folders(platform, monkeypatch):
    monkeypatch.setattr("sys.platform", platform)
    assert all("ont" in str(folder) for folder in system._folders())
