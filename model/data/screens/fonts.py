"""Which fonts of this machine the drawn screens use, and their opened faces."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache

from PIL import ImageFont

from molmo_act.errors import PlatformError

HELD_OUT_FAMILIES = frozenset(
    {"Open Sans", "Cantarell", "Karla", "B612", "B612 Mono", "Cabin", "Manrope", "JetBrains Mono", "P052"}
    | {"TeX Gyre Pagella"}  # the same design as P052
)
_UNSUITED = (
    "symbol",
    "math",
    "dingbat",
    "chorus",
    "keyboard",
    "initials",
    "thin",
    "d050000l",
    "z003",
    "smallcaps",
    "emoji",
)
_REGULAR = ("Regular", "Book", "Roman", "Medium", "Normal", "SemiCondensed")
_BOLD = ("Bold", "SemiBold", "Semibold", "DemiBold", "Demi")


@dataclass(frozen=True)
class FontFamily:
    """One family: the files of its regular and bold faces.

    Attributes:
        name: Family name as the system reports it.
        regular: Path of the regular face; None stands for the face that ships inside Pillow.
        bold: Path of the bold face, or the regular one when there is none.
        serif: Whether it is a serif or monospaced family, rarer on screens than the others.
    """

    name: str
    regular: str | None
    bold: str | None
    serif: bool = False


@lru_cache(maxsize=1)
def system_families() -> tuple[FontFamily, ...]:
    """Lists all families with English letters that this machine has, sorted by name.

    Returns:
        The families; only the face inside Pillow where fontconfig's `fc-list` is missing or finds nothing.
    """
    faces: dict[str, dict[str, str]] = {}
    for line in _fontconfig_lines():
        path, names, styles = [*line.split(":"), "", ""][:3]
        name = names.split(",")[0].strip().replace("\\", "")
        style = styles.removeprefix("style=").split(",")[0].strip()
        if not path.endswith((".ttf", ".otf")) or any(word in name.lower() for word in _UNSUITED):
            continue
        weight = "regular" if style in _REGULAR else "bold" if style in _BOLD else None
        if weight:
            kept = faces.setdefault(name, {})
            kept[weight] = min(path, kept.get(weight, path))
    families = tuple(
        FontFamily(name, kept["regular"], kept.get("bold", kept["regular"]), _is_rare(name))
        for name, kept in sorted(faces.items())
        if "regular" in kept
    )
    return families or (FontFamily("Pillow's own", None, None),)


@lru_cache(maxsize=2)
def families(split: str) -> tuple[FontFamily, ...]:
    """Lists the families of a split; "train" and "eval" share none unless the machine has a single one.

    Args:
        split: "train" or "eval".

    Returns:
        At least one family.
    """
    everything = system_families()
    held_out = [family for family in everything if family.name in HELD_OUT_FAMILIES] or everything[::4]
    if split == "eval":
        return tuple(held_out)
    return tuple(family for family in everything if family not in held_out) or everything


class Face:
    """One face at one size, with its measures kept.

    Args:
        font: The opened face.

    Attributes:
        font: The opened face.
        ascent: Pixels from the top of a line to its base.
        height: Pixels from the top of a line to its bottom.
    """

    def __init__(self, font: ImageFont.FreeTypeFont) -> None:
        self.font = font
        self.ascent, descent = font.getmetrics()
        self.height = self.ascent + descent
        self._advances: dict[str, float] = {}

    def length(self, text: str) -> float:
        """Measures a text without kerning: sums of kept advances cost a tenth of a measurement.

        Args:
            text: The text.

        Returns:
            Pixels.
        """
        advances = self._advances
        for letter in set(text).difference(advances):
            advances[letter] = self.font.getlength(letter)
        return sum(advances[letter] for letter in text)


@lru_cache(maxsize=768)
def open_face(path: str | None, size: float) -> Face:
    """Opens a face; opened faces are kept, since opening costs a millisecond.

    Args:
        path: The font file; None for the face inside Pillow.
        size: Pixels.

    Returns:
        The face.

    Raises:
        PlatformError: Pillow was built without FreeType.
    """
    if path is None:
        font = ImageFont.load_default(size)
        if not isinstance(font, ImageFont.FreeTypeFont):
            raise PlatformError("This Pillow was built without FreeType; install one with it to draw text.")
        return Face(font)
    return Face(ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC))


def _fontconfig_lines() -> list[str]:
    if shutil.which("fc-list") is None:
        return []
    listing = subprocess.run(
        ["fc-list", ":lang=en", "file", "family", "style"], capture_output=True, text=True, check=False
    )
    return sorted(listing.stdout.splitlines())


def _is_rare(name: str) -> bool:
    return any(
        word in name for word in ("Serif", "Mono", "Roman", "Garamond", "Libertine", "Slab", "Code", "Bonum")
    ) or name in ("C059", "P052", "Caladea", "Hack", "Inconsolata", "URW Bookman", "Play", "Comfortaa")
