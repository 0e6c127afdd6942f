"""Draws glyph sheets: images full of named words, icons and drawings.

A sheet shows as many names as there is room for, row under row, so that a model soon learns what words and
objects look like, before it learns to point at them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from model.data.assets.names import icon_concepts
from model.data.random_blocks import RandomBlocks
from model.data.scenes.backgrounds import background, photo
from model.data.scenes.spec import ObjectSpec, drawing_spec, shape_spec
from model.data.scenes.sprite_library import SpriteLibrary
from model.data.scenes.sprites import object_sprite
from model.data.screens.elements import Box
from model.data.screens.fonts import Face, FontFamily, families, open_face
from model.data.screens.icons import IconLibrary
from model.data.screens.labels import LabelWriter, word_list
from model.data.screens.theme import Colour, blend
from molmo_act._optional import lazy_import

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

_PURPOSES = ("action", "action", "navigation", "menu", "entry", "field", "option", "heading", "column")
_ROWS = {"texts": 0.62, "icons": 0.13, "objects": 0.25}


@dataclass(frozen=True, eq=False)
class GlyphSheet:
    """One drawn glyph sheet.

    Attributes:
        image: uint8 (side, side, 3), RGB.
        names: What it shows: "Save", "trash", "red apple".
        boxes: float (names, 4), for each name its (x0, y0, x1, y1) in pixels.
        parts: The same in the smallest pieces that have a name: "S", "a", "v", "e", "trash", "red apple".
        part_boxes: float (parts, 4), likewise.
    """

    image: np.ndarray
    names: tuple[str, ...]
    boxes: np.ndarray
    parts: tuple[str, ...]
    part_boxes: np.ndarray


class GlyphSheetPainter:
    """Draws the glyph sheets of one split.

    Args:
        library: Drawings of objects.
        icons: Drawings of icons.
        split: "train" or "eval", for fonts and words.
        words: Words for composed labels instead of the split's own.
    """

    def __init__(
        self,
        library: SpriteLibrary,
        icons: IconLibrary,
        split: str = "train",
        words: tuple[str, ...] | None = None,
    ) -> None:
        self._library, self._icons = library, icons
        self._fonts, self._words = families(split), words or word_list(split)

    def draw(self, rng: np.random.Generator, side: int) -> GlyphSheet:
        """Draws one sheet.

        Args:
            rng: Source of every choice; an equal generator gives an equal sheet.
            side: Width and height, pixels.

        Returns:
            The sheet with its names.
        """
        sheet = _SheetCanvas(rng, side, self._fonts, self._words)
        rows = {
            "texts": sheet.texts,
            "icons": lambda: sheet.icons(self._icons),
            "objects": lambda: sheet.objects(self._library),
        }
        while sheet.bottom < side:
            rows[str(rng.choice(list(_ROWS), p=list(_ROWS.values())))]()
        return GlyphSheet(np.asarray(sheet.image), *_columns(sheet.names), *_columns(sheet.parts))


def _columns(named: list[tuple[str, Box]]) -> tuple[tuple[str, ...], np.ndarray]:
    boxes = np.array([box for _, box in named], dtype=np.float64).reshape(-1, 4)
    return tuple(name for name, _ in named), boxes


class _SheetCanvas:
    """A sheet while it is drawn. Every row method fills a row below `bottom` and moves it down."""

    def __init__(
        self, rng: np.random.Generator, side: int, fonts: tuple[FontFamily, ...], words: tuple[str, ...]
    ) -> None:
        self.rng, self.side, self.fonts = rng, side, fonts
        self.rand = RandomBlocks(rng)
        self.writer = LabelWriter(self.rand, words)
        self.dark = self.rand.chance() < 0.4
        self.image = Image.new("RGB", (side, side))
        self.draw = ImageDraw.Draw(self.image)
        self.bottom = 0
        self.names: list[tuple[str, Box]] = []
        self.parts: list[tuple[str, Box]] = []

    def texts(self) -> None:
        """A row of labels, some rows with buttons behind them."""
        face = self._face()
        top, ground, ink = self._band(face.height + 2 + self.rand.below(9))
        y = top + (self.bottom - top - face.height) // 2
        button = blend(ground, ink, self.rand.between(0.05, 0.3)) if self.rand.chance() < 0.35 else None
        x = float(self.rand.below(20))
        while True:
            label = self._label()
            right = x + face.length(label)
            if right > self.side or self.bottom > self.side:
                return
            if button:
                self.draw.rounded_rectangle((x - 4, y - 1, right + 3, y + face.height), 3, button)
            self.draw.text((x, y), label, fill=ink, font=face.font)
            self.names.append((label, (x, y, right, y + face.height)))
            for letter in label:
                width = face.length(letter)
                if letter != " ":
                    self.parts.append((letter, (x, y, x + width, y + face.height)))
                x += width
            x += self.rand.between(9, 34)

    def icons(self, icons: IconLibrary) -> None:
        """A row of icons of one style and size."""
        size = int(self.rand.between(14, 40))
        top, _, ink = self._band(size + 2 + self.rand.below(9))
        style = self.rand.one_of(icons.styles)
        concepts = sorted(icons.rows[style])
        x = self.rand.below(20)
        while x + size <= self.side and self.bottom <= self.side:
            concept = self.rand.one_of(concepts)
            y = top + (self.bottom - top - size) // 2
            self.draw.bitmap((x, y), icons.mask(style, concept, size), fill=ink)
            self._keep(self.rand.one_of(icon_concepts()[concept].spoken), (x, y, x + size, y + size))
            x += size + 5 + self.rand.below(24)

    def objects(self, library: SpriteLibrary) -> None:
        """A row of drawings and shapes on a ground of their own."""
        height = int(self.rand.between(30, 100))
        top, self.bottom = self.bottom, self.bottom + height
        ground = self._ground(library, height)
        x = self.rand.below(10)
        while self.bottom <= self.side:
            spec = self._object_spec(library)
            longest = int(self.rand.between(0.55, 0.95) * height)
            sprite = object_sprite(self.rng, spec, longest, library, ground.mean(axis=(0, 1)))
            rows, columns = sprite.shape[:2]
            if x + columns > self.side or rows > height:
                break
            y = self.rand.below(height - rows + 1)
            place = ground[y : y + rows, x : x + columns]
            rest = 1 - sprite[..., 3:] / 255
            place[:] = (place * rest).astype(np.uint8) + np.minimum(sprite[..., :3], sprite[..., 3:])
            left, above, wide, high = cv2.boundingRect((sprite[..., 3] > 127).view(np.uint8))
            name = f"{spec.colour} {spec.noun}" if spec.colour else spec.noun
            self._keep(name, (x + left, top + y + above, x + left + wide, top + y + above + high))
            x += columns + 2 + self.rand.below(16)
        self.image.paste(Image.fromarray(ground), (0, top))

    def _keep(self, name: str, box: Box) -> None:
        self.names.append((name, box))
        self.parts.append((name, box))

    def _face(self) -> Face:
        family = self.rand.one_of(self.fonts)
        size = round(9 + 25 * self.rand.chance() ** 1.3)  # large ones are learned first
        return open_face(family.bold if self.rand.chance() < 0.3 else family.regular, float(size))

    def _label(self) -> str:
        if self.rand.chance() < 0.06:
            return self.writer.value()
        return self.writer.label(self.rand.one_of(_PURPOSES))

    def _band(self, height: int) -> tuple[int, Colour, Colour]:
        """Paints the ground of a new row; returns its top, its colour, and one that reads well on it."""
        top, self.bottom = self.bottom, self.bottom + height
        dark = self.dark if self.rand.chance() < 0.8 else not self.dark
        level = self.rand.between(0, 90) if dark else self.rand.between(190, 255)
        tint = 60 if self.rand.chance() < 0.3 else 8
        ground = _tinted(self.rand, level, tint)
        ink = _tinted(self.rand, self.rand.between(200, 255) if dark else self.rand.between(0, 70), 60)
        self.draw.rectangle((0, top, self.side, self.bottom), fill=ground)
        return top, ground, ink

    def _ground(self, library: SpriteLibrary, height: int) -> np.ndarray:
        if len(library.photos) and self.rand.chance() < 0.3:
            return photo(self.rng, self.side, height, library.photos)
        return background(self.rng, self.side, height)

    def _object_spec(self, library: SpriteLibrary) -> ObjectSpec:
        spec = None
        while spec is None:
            spec = shape_spec(self.rng) if self.rand.chance() < 0.25 else drawing_spec(self.rng, library)
        return spec


def _tinted(rand: RandomBlocks, level: float, tint: float) -> Colour:
    red, green, blue = (int(min(255, max(0, level + rand.between(-tint, tint)))) for _ in range(3))
    return red, green, blue
