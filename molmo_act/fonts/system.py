"""Finds fonts of this machine by the characters that they have."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import unicodedata
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

logger = logging.getLogger(__name__)

_OPENING = threading.Lock()
PROBE_SIZE = 16.0  # pixels, in which glyphs are compared
MOST_FONTS = 400  # that are opened to look for a character
JOINERS = "\u200c\u200d"  # which show nothing themselves
_UNASSIGNED = "\U0010ffff"  # no font has it: what it is drawn as stands for "missing"
_SUFFIXES = (".ttf", ".ttc", ".otf", ".otc")
_PREFERRED = re.compile(
    r"cjk|fallback|wqy|unicode|msyh|yahei|meiryo|malgun|pingfang|hiragino|noto ?sans", re.I
)
_UNSUITED = re.compile(r"bold|italic|oblique|serif|mono|light|thin|black|condensed|emoji|symbol", re.I)


def has_glyph(font: ImageFont.FreeTypeFont, character: str) -> bool:
    """Tells whether a font draws a character as more than its box for missing ones.

    Args:
        font: The font.
        character: One character; blanks count as drawn.

    Returns:
        Whether it does.
    """
    if character.isspace() or character in JOINERS:
        return True
    mask, missing = font.getmask(character), font.getmask(_UNASSIGNED)
    if not mask.getbbox():
        return False
    return mask.size != missing.size or bytes(mask) != bytes(missing)


@lru_cache(maxsize=4096)
def font_with(letter: str) -> Path | None:
    """Finds a font of this machine that has a letter.

    Args:
        letter: One character, perhaps with accents and vowel signs.

    Returns:
        Path of the font, those for many scripts first. Where none has all of it, which is logged once for
        each script, the first that has most; None where no font has any.
    """
    best, drawn = None, 0
    with _OPENING:  # faces of FreeType may not be used by two threads at once
        for path in system_fonts():
            font = _probe(path)
            found = 0 if font is None else sum(_draws(font, character) for character in letter)
            if found == len(letter):
                return path
            if found > drawn:
                best, drawn = path, found
    _log_missing(*_script(letter[0]))
    return best


def _script(character: str) -> tuple[str, str]:
    """What a character is of, and a font that has such characters."""
    name = unicodedata.name(character, "unassigned").split()[0].capitalize()
    if name in ("Cjk", "Hiragana", "Katakana", "Hangul"):
        return name, "Noto Sans CJK"
    if unicodedata.category(character)[0] in "LMN":
        return name, f"Noto Sans {name}"
    return "emoji and symbol", "Noto Emoji or Symbola; fonts of coloured bitmaps do not serve"


def _draws(font: ImageFont.FreeTypeFont, character: str) -> bool:
    try:
        return has_glyph(font, character)
    except OSError:  # a damaged glyph
        return False


@lru_cache(maxsize=MOST_FONTS)
def _probe(path: Path) -> ImageFont.FreeTypeFont | None:
    """The font in a small size; None where it is damaged, or of bitmaps in other sizes."""
    try:
        font = ImageFont.truetype(path, PROBE_SIZE, layout_engine=ImageFont.Layout.BASIC)
        font.getmask(_UNASSIGNED)
    except (OSError, ValueError):
        return None
    return font


@lru_cache(maxsize=256)
def _log_missing(script: str, font: str) -> None:
    """Logged once for each script: the cache remembers those that were."""
    logger.warning(
        "No font of this machine has all %s characters of a text, so images show boxes for them. Install one "
        "that does, such as %s.",
        script,
        font,
    )


@lru_cache(maxsize=1)
def system_fonts() -> tuple[Path, ...]:
    """Lists the fonts of this machine.

    Returns:
        Paths of at most `MOST_FONTS` font files: first those that are known to cover many scripts, and plain
        faces before bold, slanted or narrow ones.
    """
    found = {
        Path(folder, name)
        for root in _folders()
        for folder, _, names in os.walk(root)
        for name in names
        if name.lower().endswith(_SUFFIXES)
    }

    def rank(path: Path) -> tuple[bool, bool, str]:
        return not _PREFERRED.search(path.stem), bool(_UNSUITED.search(path.stem)), str(path)

    return tuple(sorted(found, key=rank)[:MOST_FONTS])


def _folders() -> list[Path]:
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        windows, local = os.environ.get("WINDIR", r"C:\Windows"), os.environ.get("LOCALAPPDATA", str(home))
        return [Path(windows, "Fonts"), Path(local, "Microsoft", "Windows", "Fonts")]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"]
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    own = os.environ.get("XDG_DATA_HOME") or str(home / ".local" / "share")
    folders = [Path(place, "fonts") for place in (own, *shared.split(":"))]
    return [*folders, home / ".fonts"]
