"""Patterns for the words of queries in several languages, out of the lists in ``words.txt``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal[
    "button", "link", "tab", "menu", "item", "text", "field", "check box", "choice", "list", "slider", "icon"
]
"""What a query says that it wants; a choice is one of several radio buttons, a list drops down."""
KINDS: tuple[Kind, ...] = get_args(Kind)
BESIDE: frozenset[Kind] = frozenset({"field", "check box", "choice", "list", "slider"})
"""Kinds that stand beside their label instead of under it."""


def _read_sections() -> dict[str, list[str]]:
    """Heading → words of all languages, folded, the longest first."""
    sections: dict[str, list[str]] = {}
    for line in Path(__file__).with_name("words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            words = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            words += line.casefold().split("|")
    return {name: _longest_first(words) for name, words in sections.items()}


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(set(words), key=lambda word: (-len(word), word))


def is_spaceless(text: str) -> bool:
    """Tells whether a text begins in a script that puts no spaces between words."""
    return "\u3040" <= text[:1] <= "\u9fff"


def _any_of(words: Iterable[str]) -> str:
    """A pattern for any of some words; those of scripts without spaces need no edge."""
    return "|".join(
        re.escape(word).replace(r"\ ", r"\s+") + ("" if is_spaceless(word) else r"(?!\w)") for word in words
    )


def _named(prefix: str) -> dict[str, str]:
    """Word → what stands behind a prefix in the heading of its section."""
    return {
        word: name.removeprefix(prefix)
        for name, words in _SECTIONS.items()
        if name.startswith(prefix)
        for word in words
    }


_SECTIONS = _read_sections()
_LOOK = frozenset(_SECTIONS["look"])
_KIND_OF: Mapping[str, Kind] = {  # where a word says two kinds, the first one in KINDS
    word: kind for kind in reversed(KINDS) for word in _SECTIONS[f"kind {kind}"]
}
_IMPLIED: Mapping[str, Kind] = {word: kind for kind in KINDS for word in _SECTIONS.get(f"implies {kind}", ())}
_ORDINAL_OF = _named("ordinal ")
_SIDE_OF = _named("side ")
_SIGNS_OF = {word: tuple(signs.split()) for word, signs in _named("sign ").items()}
_ORDINALS, _ROWS = _any_of(_longest_first(_ORDINAL_OF)), _any_of(_SECTIONS["row"])

KIND = re.compile(_any_of(_longest_first([*_KIND_OF, *(f"{word}s" for word in _KIND_OF if word.isascii())])))
VERB = re.compile(rf"(?:{_any_of(_SECTIONS['verb'])})\s*")
ARTICLE = re.compile(rf"(?:{_any_of(_SECTIONS['article'])}|l['’])\s*")
ALL = re.compile(rf"\s*(?:{_any_of(_SECTIONS['all'])})")
CONNECTOR = re.compile(rf"\s*[,:]?\s*(?:{_any_of(_SECTIONS['connector'])})\s*")
NTH = re.compile(rf"\s*(?:(?:{_any_of(_SECTIONS['article'])})\s*)?({_ORDINALS})\s+(?=\S)")
"""An ordinal before what it counts."""
IN_ROW = re.compile(
    rf"\s*(?:in|on|at|of|auf|dans|à|en|nella|na|op|i|в)\s+(?:\w+\s+)?({_ORDINALS})\s+(?:{_ROWS})"
    rf"|\s*(?:in|on|of|dans|en)\s+(?:\w+\s+)?(?:{_ROWS})\s+(\d+)"
    r"|在?第\s*(\d+)\s*行的?"
)
SIDE = re.compile(rf"\s*(?<!\w)(?:{_any_of(_longest_first(_SIDE_OF))})")


def kind_of(word: str) -> Kind:
    """Gives the kind that a word which `KIND` matched says."""
    plain = " ".join(word.casefold().split())
    return _KIND_OF[plain] if plain in _KIND_OF else _KIND_OF[plain.removesuffix("s")]


def implied_kind(text: str) -> Kind | None:
    """Gives the kind that the verb at the beginning of a query acts on; None where it says none."""
    found = VERB.match(text.casefold())
    return _IMPLIED.get(" ".join(found.group().split())) if found else None


def ordinal_of(word: str) -> int:
    """Gives the number that a word which `NTH` or `IN_ROW` matched says; -1 is the last."""
    return int(word) if word.isdecimal() else int(_ORDINAL_OF[" ".join(word.casefold().split())])


def side_of(word: str) -> str:
    """Gives "top", "bottom", "left" or "right" for what `SIDE` matched."""
    return _SIDE_OF[" ".join(word.casefold().split())]


def signs_of(label: str) -> tuple[str, ...]:
    """Gives the signs that a label is the spoken name of, the likeliest first: "+" for "plus"."""
    return _SIGNS_OF.get(" ".join(label.casefold().split()), ())


def is_look(label: str) -> bool:
    """Tells whether a label says only how something looks: "red", "big round"."""
    said = label.casefold().split()
    return bool(said) and all(word in _LOOK for word in said)
