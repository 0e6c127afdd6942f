"""What a glyph of an icon font shows, by the classes of its element."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from model.data.assets.names import icon_concepts
from model.data.paths import table_lines

_CLASS = re.compile(r"(?:fa|bi|ti|nc|mdi|icon|glyphicon|ion)-([a-z][a-z0-9-]*)")
_LAYOUT = re.compile(r"fw|sm|lg|xs|spin|pulse|inverse|rotate-\d+|stack.*")
_ENDINGS = re.compile(r"(?:-(?:o|f|alt2?|sign|fill|outline|\d+))+$")


@dataclass(frozen=True)
class Glyph:
    """What a glyph shows.

    Attributes:
        name: What its font calls it.
        concept: Key of the concept it shows; None when that is not known.
        resembles: Keys of all concepts it could be taken for.
    """

    name: str
    concept: str | None
    resembles: frozenset[str]


def read_glyph(classes: str) -> Glyph | None:
    """Reads the glyph of an element.

    Args:
        classes: Divided by spaces, as "fas fa-search fa-sm".

    Returns:
        The glyph; None when none of the classes names one.

    Example:
        >>> read_glyph("fas fa-fw fa-star-o").concept
        'star'
    """
    names = [match[1] for each in classes.split() if (match := _CLASS.fullmatch(each))]
    names = [name for name in names if not _LAYOUT.fullmatch(name)]
    if not names:
        return None
    name = names[0]
    for known in (name, _ENDINGS.sub("", name)):
        if known in _similar():
            return Glyph(name, None, frozenset().union(*map(_alike, _similar()[known])))
        if known in _filed():
            concept = _filed()[known]
            return Glyph(name, concept, _alike(concept))
    return Glyph(name, None, frozenset())


@lru_cache(maxsize=1)
def _filed() -> dict[str, str]:
    """Name of a glyph → concept; of two concepts filed under one name the first."""
    filed: dict[str, str] = {}
    for concept in icon_concepts().values():
        for name in concept.filed:
            filed.setdefault(name, concept.name)
    for line in table_lines("font_icons.txt"):
        name, equals, concept_name = line.partition(" = ")
        if equals:
            filed[name] = concept_name
    return filed


@lru_cache(maxsize=1)
def _similar() -> dict[str, tuple[str, ...]]:
    """Name of a glyph → concepts it could be taken for."""
    parted = (line.partition(" ~ ") for line in table_lines("font_icons.txt"))
    return {name: tuple(concepts.split(", ")) for name, tilde, concepts in parted if tilde}


def _alike(concept: str) -> frozenset[str]:
    """A concept and those that look like it."""
    concepts = icon_concepts()
    others = (other.name for other in concepts.values() if concept in other.alike)
    return frozenset({concept, *concepts[concept].alike, *others})
