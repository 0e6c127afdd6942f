"""The fonts of this machine, by split."""

from __future__ import annotations

import pytest

from model.data.screens import fonts
from model.data.screens.fonts import families, system_families


def test_splits_share_no_font() -> None:
    names = {split: {family.name for family in families(split)} for split in ("train", "eval")}
    assert names["train"]
    assert names["eval"]
    if len(system_families()) > 1:
        assert not names["train"] & names["eval"]


LISTING = """\
/f/A-Regular.ttf:A Sans:style=Regular
/f/A-Bold.ttf:A Sans:style=Bold
/f/A2-Regular.ttf:A Sans:style=Regular
/f/B-Book.otf:B Serif,B Serif Book:style=Book
/f/C-Bold.ttf:C:style=Bold
/f/S.ttf:Some Symbols:style=Regular
/f/D.pfb:D:style=Regular
/f/O-Regular.ttf:Open Sans:style=Regular
"""


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch):
    """A machine with three usable families."""
    monkeypatch.setattr(fonts, "_fontconfig_lines", lambda: sorted(LISTING.splitlines()))
    for cached in (fonts.system_families, fonts.families):
        cached.cache_clear()
    yield
    for cached in (fonts.system_families, fonts.families):
        cached.cache_clear()


def test_families_with_english_letters_and_a_regular_face_are_used(listed) -> None:
    assert fonts.system_families() == (
        fonts.FontFamily("A Sans", "/f/A-Regular.ttf", "/f/A-Bold.ttf"),
        fonts.FontFamily("B Serif", "/f/B-Book.otf", "/f/B-Book.otf", serif=True),
        fonts.FontFamily("Open Sans", "/f/O-Regular.ttf", "/f/O-Regular.ttf"),
    )
    assert [family.name for family in fonts.families("eval")] == ["Open Sans"]
    assert [family.name for family in fonts.families("train")] == ["A Sans", "B Serif"]


def test_a_machine_without_fonts_has_the_one_inside_pillow(listed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_fontconfig_lines", list)
    (family,) = fonts.system_families()
    assert family.regular is None
    assert fonts.families("train") == fonts.families("eval") == (family,)


def test_a_face_is_as_long_as_its_letters() -> None:
    face = fonts.open_face(None, 20.0)
    assert face is fonts.open_face(None, 20.0)
    assert face.length("") == 0
    assert face.length("Save") == pytest.approx(sum(face.font.getlength(letter) for letter in "Save"))
    assert face.height > face.ascent > 0
