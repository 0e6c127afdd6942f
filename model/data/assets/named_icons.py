"""Makes the archive of icons by name that the icon network learns: every variant of openly licensed sets.

Drawings that no concept of `icon_names.txt` names are kept, too, as icons that are none of them. Run from the
repository root; needs npm:  python -m model.data.assets.named_icons
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from model._cli import command, make_parser
from model.data.assets.icons import ICON_SETS, icon_mask, read_set
from model.data.assets.names import icon_concepts
from model.data.assets.npm import fetch_package
from model.data.paths import NAMED_ICON_FILE
from molmo_act.errors import PlatformError
from molmo_act.io.atomic import atomic_file

# The sets of drawn screens, and more: package with exact version → licence, split that may draw them.
NAMED_SETS = ICON_SETS | {
    "@iconify-json/ant-design@1.2.9": ("MIT", "train"),
    "@iconify-json/clarity@1.2.4": ("MIT", "train"),
    "@iconify-json/eva@1.2.3": ("MIT", "train"),
    "@iconify-json/fluent@1.2.60": ("MIT", "train"),
    "@iconify-json/fluent-mdl2@1.2.1": ("MIT", "train"),
    "@iconify-json/pixelarticons@1.2.9": ("MIT", "train"),
    "@iconify-json/fa-solid@1.2.2": ("CC-BY-4.0", "eval"),
}
NONE = ""
"""What the archive calls a drawing of no concept."""
OTHERS = 400
"""Most drawings of no concept that are kept of a set."""
_STYLE = re.compile(
    r"-(?:regular|filled|fill|outlined|outline|rounded|round|sharp|solid|bold|thin|light|duotone|twotone|line|"
    r"o|alt|[1-9]|12|16|20|24|28|32|48)$"
)
_AROUND = re.compile(r"-?\b(?:circle|circled|square|box|rounded)\b-?")
_FRAMED = re.compile(r"(?:arrow|chevron|caret)-(?:left|right|up|down)|play|pause|stop|info|help|question")
"""Concepts that stay what they are with a circle or a square around them."""


@dataclass(frozen=True, eq=False)
class NamedIcon:
    """A drawing.

    Attributes:
        split: "train" or "eval".
        style: The set it comes from.
        concept: Key of what it shows, or `NONE`.
        mask: uint8 (S, S), its opacity.
    """

    split: str
    style: str
    concept: str
    mask: np.ndarray


@lru_cache(maxsize=1)
def _filed() -> dict[str, str]:
    """Name in icon sets → concept; of two concepts filed under one name the first."""
    filed: dict[str, str] = {}
    for concept in icon_concepts().values():
        for name in concept.filed:
            filed.setdefault(name, concept.name)
    return filed


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    """Words of names that drawings of a concept have."""
    return frozenset(word for name in _filed() for word in name.split("-"))


def concept_named(name: str) -> str | None:
    """Gives the concept of a drawing by its name in a set.

    Args:
        name: Its name there: "search-outline", "arrow-left-circle-fill".

    Returns:
        Its key; `NONE` for a drawing of something else; None for one that may show a part of a concept.

    Example:
        >>> concept_named("trash-fill"), concept_named("arrow-left-circle"), concept_named("user-check")
        ('trash', 'arrow-left', None)
    """
    base = name
    while True:
        if base in _filed():
            return _filed()[base]
        shorter = _STYLE.sub("", base)
        if shorter == base:
            break
        base = shorter
    plain = _AROUND.sub("-", base).strip("-")
    if plain != base and _FRAMED.fullmatch(plain) and plain in _filed():
        return _filed()[plain]
    return None if _words() & set(base.split("-")) else NONE


def named_icons(package: str, split: str) -> Iterator[NamedIcon]:
    """Draws the icons of a set.

    Args:
        package: npm package with its version, of `NAMED_SETS`.
        split: What the set is for.

    Yields:
        The drawings of concepts, each once, and some of no concept.

    Raises:
        PlatformError: npm is missing or could not fetch the set.
    """
    bodies, width, height = read_set(fetch_package(package))
    style = package.split("/")[1].split("@")[0]
    concepts = {name: concept_named(name) for name in sorted(bodies)}
    others = [name for name, concept in concepts.items() if concept == NONE]
    step = max(len(others) / OTHERS, 1.0)
    chosen = {others[int(number * step)] for number in range(min(len(others), OTHERS))}
    seen: set[tuple[str, str]] = set()
    for name, concept in concepts.items():
        if concept is None or (concept == NONE and name not in chosen):
            continue
        if (concept, bodies[name]) in seen:
            continue
        seen.add((concept, bodies[name]))
        mask = icon_mask(bodies[name], width, height)
        if mask.any():
            yield NamedIcon(split, style, concept, mask)


def load_named_icons(split: str, archive: Path = NAMED_ICON_FILE) -> list[NamedIcon]:
    """Reads the drawings of a split from the archive.

    Args:
        split: "train" or "eval"; no set is in both.
        archive: Path of the archive.

    Returns:
        The drawings.

    Raises:
        PlatformError: The archive has not been made on this machine.
    """
    if not archive.exists():
        raise PlatformError(f"No icons at {archive}. Make them: python -m model.data.assets.named_icons")
    with np.load(archive, allow_pickle=False) as stored:
        rows = zip(
            stored["split"].tolist(), stored["style"].tolist(), stored["concept"].tolist(), strict=True
        )
        masks = stored["mask"]
        return [NamedIcon(*row, mask) for row, mask in zip(rows, masks, strict=True) if row[0] == split]


@command
def main() -> None:
    """Fetch all sets and write the archive."""
    parser = make_parser(__doc__)
    parser.add_argument(
        "--out", type=Path, default=NAMED_ICON_FILE, help="archive to write (default: %(default)s)"
    )
    out = parser.parse_args().out
    icons = [
        icon
        for package, (_, split) in tqdm(NAMED_SETS.items(), desc="icon sets", unit="set")
        for icon in named_icons(package, split)
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(out) as partial, partial.open("wb") as file:
        np.savez_compressed(
            file,
            split=np.array([icon.split for icon in icons]),
            style=np.array([icon.style for icon in icons]),
            concept=np.array([icon.concept for icon in icons]),
            mask=np.stack([icon.mask for icon in icons]),
        )
    named = sum(icon.concept != NONE for icon in icons)
    print(f"{named} drawings of {len(icon_concepts())} icons and {len(icons) - named} of others: {out}")


if __name__ == "__main__":
    sys.exit(main())
