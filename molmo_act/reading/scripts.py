"""Scripts of letters, for readers that do not know all of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection


def script_of(letter: str) -> str:
    """Gives the script of a letter as the first word of its name in Unicode.

    Example:
        >>> script_of("ж"), script_of("é"), script_of("保")
        ('CYRILLIC', 'LATIN', 'CJK')
    """
    return unicodedata.name(letter, "UNNAMED").split()[0].split("-")[0]


def is_unreadable(text: str, scripts: Collection[str] | None) -> bool:
    """Tells whether a reader cannot know most letters of a text.

    Args:
        text: What is looked for.
        scripts: Scripts that the reader knows, as `script_of` gives them; None where that is not known.
    """
    letters = [letter for letter in text if letter.isalpha()]
    if scripts is None or not letters:
        return False
    return 2 * sum(script_of(letter) not in scripts for letter in letters) > len(letters)
