"""The archive of drawings and photographs that scenes are composed of, restricted to a split.

The archive is a folder of four files, read through the page cache, so that worker processes share it:

    sprites.npy    uint8 (N, 128, 128, 4) RGBA, colour premultiplied by alpha, top-left aligned
    sprites.json   for each drawing: noun, colour, style, slug, height, width (of its used part)
    photos.npy     uint8 (M, 480, 640, 3) RGB backgrounds
    photos.json    for each photograph: its source
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from model.data.assets.rasterize import SPRITE_SIDE, Drawing
from model.data.paths import SPRITE_FOLDER
from model.data.scenes.nouns import popularity
from molmo_act.errors import InputError

SPLITS = ("train", "fresh", "eval", "style")
UNSEEN_STYLES = frozenset({"twemoji"})
_HELD_OUT_ONE_IN = 8


@dataclass(frozen=True, eq=False)
class SpriteLibrary:
    """Drawings that may be used, by noun, and photographs for backgrounds.

    Attributes:
        pixels: uint8 (N, 128, 128, 4) RGBA, colour premultiplied by alpha.
        drawings: What each of them shows.
        usable: Indices of the drawings of this split.
        vocabulary: Every noun that training knows, from which absent objects are drawn.
        photos: uint8 (M, H, W, 3) RGB.
    """

    pixels: np.ndarray
    drawings: tuple[Drawing, ...]
    usable: tuple[int, ...]
    vocabulary: tuple[str, ...]
    photos: np.ndarray

    @cached_property
    def by_noun(self) -> dict[str, list[int]]:
        """Indices of the usable drawings of each noun."""
        found: dict[str, list[int]] = {}
        for index in self.usable:
            found.setdefault(self.drawings[index].noun, []).append(index)
        return found

    @cached_property
    def _drawable(self) -> tuple[list[str], np.ndarray]:
        chances = dict(zip(self.vocabulary, popularity(self.vocabulary), strict=True))
        nouns = list(self.by_noun)
        return nouns, np.cumsum([chances.get(noun, 0.0) for noun in nouns])

    @cached_property
    def _nameable(self) -> np.ndarray:
        return np.cumsum(popularity(self.vocabulary))

    def draw_noun(self, rng: np.random.Generator) -> str:
        """Returns a noun with a usable drawing, everyday ones more often."""
        nouns, cumulative = self._drawable
        return nouns[min(int(np.searchsorted(cumulative, rng.random() * cumulative[-1])), len(nouns) - 1)]

    def name_noun(self, rng: np.random.Generator) -> str:
        """Returns any noun of the vocabulary, everyday ones more often."""
        index = int(np.searchsorted(self._nameable, rng.random() * self._nameable[-1]))
        return self.vocabulary[min(index, len(self.vocabulary) - 1)]

    def sprite(self, index: int) -> np.ndarray:
        """Returns the pixels of one drawing.

        Args:
            index: Index of the drawing.

        Returns:
            uint8 (h, w, 4) RGBA, colour premultiplied by alpha, longer side 128.
        """
        drawing = self.drawings[index]
        return self.pixels[index, : drawing.height, : drawing.width]


def _stable_hash(drawing: Drawing) -> int:
    key = f"{drawing.noun}/{drawing.style}/{drawing.slug}".encode()
    return int.from_bytes(hashlib.sha1(key).digest()[:8], "big")


def held_out(drawings: tuple[Drawing, ...]) -> frozenset[int]:
    """Chooses the drawings that training never sees, one in eight by a stable hash.

    Each noun keeps at least one drawing for training.

    Args:
        drawings: All drawings. Those of the styles that are for evaluation only are not counted here.

    Returns:
        Indices of the held-out drawings.
    """
    by_noun: dict[str, list[int]] = {}
    for index, drawing in enumerate(drawings):
        if drawing.style not in UNSEEN_STYLES:
            by_noun.setdefault(drawing.noun, []).append(index)
    out: set[int] = set()
    for indices in by_noun.values():
        chosen = [i for i in indices if _stable_hash(drawings[i]) % _HELD_OUT_ONE_IN == 0]
        out.update(chosen[: len(indices) - 1])
    return frozenset(out)


def _usable(drawings: tuple[Drawing, ...], split: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    out = held_out(drawings)
    seen = [i for i, d in enumerate(drawings) if d.style not in UNSEEN_STYLES and i not in out]
    vocabulary = tuple(sorted({drawings[i].noun for i in seen}))
    if split == "style":
        known = set(vocabulary)
        chosen = [i for i, d in enumerate(drawings) if d.style in UNSEEN_STYLES and d.noun in known]
    else:
        chosen = sorted(out) if split == "eval" else seen
    return tuple(chosen), vocabulary


def make_library(
    pixels: np.ndarray, drawings: tuple[Drawing, ...], photos: np.ndarray, *, split: str = "train"
) -> SpriteLibrary:
    """Makes a library over arrays at hand, restricted to the drawings of one split.

    Args:
        pixels: uint8 (N, 128, 128, 4) RGBA, colour premultiplied by alpha.
        drawings: What each of the N drawings shows.
        photos: uint8 (M, H, W, 3) RGB backgrounds; M may be 0.
        split: "train"; "fresh" has the same drawings for new images; "eval" has only drawings that training
            never sees; "style" has only a drawing style that training never sees.

    Returns:
        The library.

    Raises:
        InputError: The split is unknown or nothing could be drawn in it.
    """
    if split not in SPLITS:
        raise InputError(f"Got split {split!r}; expected one of {', '.join(SPLITS)}.")
    usable, vocabulary = _usable(drawings, split)
    if not usable:
        raise InputError(
            f"None of the {len(drawings)} drawings is in split {split!r}; fetch more sets of drawings."
        )
    return SpriteLibrary(pixels, drawings, usable, vocabulary, photos)


def load_library(split: str = "train", folder: Path | str | None = None) -> SpriteLibrary:
    """Opens the archive, restricted to the drawings of one split.

    Args:
        split: See `make_library`.
        folder: Where the archive lies; None for `model.data.paths.SPRITE_FOLDER`.

    Returns:
        The library; its pixels are read when they are used.

    Raises:
        InputError: There is no archive, or it is of another layout.
    """
    folder = SPRITE_FOLDER if folder is None else Path(folder)
    if not (folder / "sprites.json").is_file():
        raise InputError(
            f"No archive of drawings in {folder}. Make one with: python -m model.data.assets.download"
        )
    records = json.loads((folder / "sprites.json").read_text(encoding="utf-8"))
    drawings = tuple(Drawing(**record) for record in records)
    pixels = np.load(folder / "sprites.npy", mmap_mode="r", allow_pickle=False)
    expected = (len(drawings), SPRITE_SIDE, SPRITE_SIDE, 4)
    if pixels.shape != expected:
        raise InputError(
            f"{folder / 'sprites.npy'} has shape {pixels.shape}, expected {expected}. "
            "Make the archive again with: python -m model.data.assets.download --again"
        )
    photo_file = folder / "photos.npy"
    photos = np.zeros((0, 480, 640, 3), np.uint8)
    if photo_file.is_file():
        photos = np.load(photo_file, mmap_mode="r", allow_pickle=False)
    return make_library(pixels, drawings, photos, split=split)
