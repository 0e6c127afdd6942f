"""Brings spellings of a text that look the same to one form, so that rules about words and titles hold.

`canonical` forgets what nobody sees: case, kinds of spaces, composed or decomposed letters, characters
without a shape. `skeleton` also forgets what looks alike: letters of other scripts, accents, digits within
words. A rule that forbids compares skeletons; one that allows compares canonical forms, or a look-alike would
pass.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SMALL_ALIKE = {
    **{"a": "аαɑ", "b": "вьβ", "c": "сϲ", "d": "ԁđɖ", "e": "еєεəҽ", "f": "ғſ", "g": "ɡցɢ", "h": "һнհħ"},
    **{"i": "іιıɩӏі", "j": "јյȷ", "k": "кκқ", "l": "ӏłɭǀ|", "m": "мʍ", "n": "пηոɴ", "o": "оοօσøº", "p": "рρ"},
    **{"q": "ԛգ", "r": "гʀ", "s": "ѕʂ", "t": "тτŧ", "u": "υμսʋ", "v": "ѵν", "w": "ԝωա", "x": "хχ×"},
    **{"y": "уүγʏ", "z": "ᴢʐ"},
}
"""Small letters of other scripts, by the Latin letter that they look like."""
CAPITALS_ALIKE = {
    **{"H": "ΗНᎻ", "M": "ΜМ", "N": "ΝԊ", "P": "ΡР", "Y": "ΥУҮ", "Z": "ΖᏃ", "D": "Ꭰ", "E": "Ꭼ", "R": "Ꭱ"},
    **{"U": "Ս", "S": "Տ", "O": "Օ", "T": "Ꭲ", "A": "Ꭺ", "L": "Ꮮ", "B": "Ᏼ", "C": "Ꮯ"},
}
"""Capitals whose small letter looks like another Latin one."""
DIGITS_ALIKE = str.maketrans("01345", "oleas")
SHAPELESS = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}
MOST_MARKS = 30
APOSTROPHES = re.compile("['’‘ʼ`´]")

_SMALL = str.maketrans({alike: latin for latin, group in SMALL_ALIKE.items() for alike in group})
_CAPITALS = str.maketrans({alike: latin for latin, group in CAPITALS_ALIKE.items() for alike in group})


@lru_cache(maxsize=64)  # a title is compared before each key, while the X server serves nobody else
def canonical(text: str) -> str:
    r"""Gives the form of a text that forgets what nobody sees.

    Args:
        text: Any text.

    Returns:
        Compatibility-composed and case-folded, one space between words, without shapeless characters.

    Example:
        >>> canonical(" My\u00a0Ba\u200bnk ") == canonical("my bank")
        True
    """
    seen = "".join(map(_visible, unicodedata.normalize("NFKC", _with_few_marks(text))))
    return " ".join(unicodedata.normalize("NFKC", seen.casefold()).split())


@lru_cache(maxsize=64)
def skeleton(text: str) -> str:
    r"""Gives the form of a text that also forgets what looks alike.

    Args:
        text: Any text.

    Returns:
        As `canonical`, look-alikes as Latin letters, without accents.

    Example:
        >>> skeleton("\u0405\u0435nd \u00c4rger")  # the first two letters are Cyrillic
        'send arger'
    """
    composed = unicodedata.normalize("NFKC", _with_few_marks(text))
    latin = canonical(composed.translate(_CAPITALS)).translate(_SMALL)
    bare = "".join(one for one in unicodedata.normalize("NFD", latin) if not unicodedata.combining(one))
    composed = unicodedata.normalize("NFC", bare)  # syllables of Korean are not letters with accents
    return re.sub(r"\w*[^\W\d_]\w*", lambda word: word[0].translate(DIGITS_ALIKE), composed)


def words_of(text: str) -> list[str]:
    r"""Splits the skeleton of a text into words; hyphens and underscores separate them.

    Args:
        text: Any text.

    Returns:
        Its words; letters that stand alone, as in "s e n d", are joined.

    Example:
        >>> words_of("Log-out, don't S\u00adave s e n d")
        ['log', 'out', 'dont', 'save', 'send']
    """
    found = re.findall(r"[^\W_]+", APOSTROPHES.sub("", skeleton(text)))
    words: list[str] = []
    alone = False
    for word in found:
        is_letter = len(word) == 1 and word.isalpha()
        if is_letter and alone:
            words[-1] += word
        else:
            words.append(word)
        alone = is_letter
    return words


def _with_few_marks(text: str) -> str:
    """Drops most of a pile of accents, which nobody reads; to sort many takes for ever."""
    if text.isascii():
        return text
    kept, height = [], 0
    for character in text:
        height = height + 1 if unicodedata.category(character).startswith("M") else 0
        if height <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    is_selector = "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0100"
    return "" if category == "Cf" or is_selector or character in SHAPELESS else character
