"""Names of common interface icons: what people call them and what icon sets file them under; no pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_TABLE = Path(__file__).with_name("icon_names.txt")

# Drawn with lines in title bars, in no icon set.
_WINDOW_BUTTONS = """
minimise: minimise, minimize, minimise window ~ minus
maximise: maximise, maximize, maximise window ~ fullscreen, stop
""".strip()


@dataclass(frozen=True)
class IconConcept:
    """One meaning of an icon.

    Attributes:
        name: Unique key.
        spoken: What people call it, the usual word first; "icon" or "button" may follow.
        filed: Names under which icon sets file drawings of it, without style endings.
        alike: Keys of concepts whose drawings or names are easily taken for it.
    """

    name: str
    spoken: tuple[str, ...]
    filed: tuple[str, ...]
    alike: frozenset[str]


@lru_cache(maxsize=1)
def window_buttons() -> dict[str, IconConcept]:
    """The concepts that only title bars show, by key."""
    return {concept.name: concept for concept in map(_read_line, _WINDOW_BUTTONS.splitlines())}


@lru_cache(maxsize=1)
def icon_concepts() -> dict[str, IconConcept]:
    """All concepts by key, in the order of the table."""
    lines = (line for line in _TABLE.read_text(encoding="ascii").splitlines() if not line.startswith("#"))
    return {concept.name: concept for concept in map(_read_line, lines)}


def known_concept(name: str) -> bool:
    """Whether a concept has that key."""
    return name in icon_concepts() or name in window_buttons()


def said_concept(name: str) -> str:
    """What people usually call a concept."""
    return (icon_concepts().get(name) or window_buttons()[name]).spoken[0]


def _read_line(line: str) -> IconConcept:
    name, _, rest = line.partition(":")
    rest, _, alike = rest.partition("~")
    spoken_part, _, filed_part = rest.partition("=")
    spoken, filed, look_alikes = (
        tuple(word.strip() for word in part.split(",") if word.strip())
        for part in (spoken_part, filed_part, alike)
    )
    own = (word.replace(" ", "-") for word in spoken)
    return IconConcept(name, spoken, tuple(dict.fromkeys((name, *filed, *own))), frozenset(look_alikes))
