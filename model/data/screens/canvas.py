"""Draws text, boxes and icons, and keeps what was drawn where."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from model.data.random_blocks import RandomBlocks
from model.data.screens.elements import Box, Element, ScreenContent
from model.data.screens.fonts import Face
from model.data.screens.icons import IconLibrary
from model.data.screens.labels import LabelWriter
from model.data.screens.theme import Colour, Theme, blend

WHOLE = 0.999  # share of a box that must be inside the image for it to count as seen


class ScreenCanvas:
    """One image while it is drawn.

    Attributes:
        theme: Look of this image.
        rand: Source of all choices.
        writer: Writes labels.
        elements: What can be asked for and is wholly visible.
        texts: (text, box) of every run of text that is wholly visible.
        half_seen: Lower-case labels that are cut or covered; nothing may be asked about them.
    """

    def __init__(
        self,
        width: int,
        height: int,
        theme: Theme,
        rand: RandomBlocks,
        writer: LabelWriter,
        icons: IconLibrary,
    ) -> None:
        self.width, self.height = width, height
        self.theme, self.rand, self.writer = theme, rand, writer
        self.elements: list[Element] = []
        self.texts: list[tuple[str, Box]] = []
        self.half_seen: set[str] = set()
        self._icons = icons
        self._image = Image.new("RGB", (width, height), theme.ground)
        self._draw = ImageDraw.Draw(self._image)

    def pixels(self) -> np.ndarray:
        """Returns what was drawn: uint8 (H, W, 3), RGB."""
        return np.array(self._image)

    def shown(self) -> ScreenContent:
        """Returns what there is to ask about."""
        return ScreenContent(tuple(self.elements), tuple(self.texts), frozenset(self.half_seen))

    def layer(self, x0: int, y0: int, x1: int, y1: int) -> ScreenCanvas:
        """Makes a canvas of its own for what lies in a box over this one; `put` it when it is finished.

        Args:
            x0: Left edge, pixels.
            y0: Top edge, pixels.
            x1: Right edge, pixels.
            y1: Bottom edge, pixels.

        Returns:
            An empty canvas of that size with the same look and choices.
        """
        size = max(1, x1 - x0), max(1, y1 - y0)
        return ScreenCanvas(*size, self.theme, self.rand, self.writer, self._icons)

    def put(self, layer: ScreenCanvas, x: int, y: int) -> None:
        """Lays a finished layer over this canvas.

        Args:
            layer: The layer.
            x: Column of its top left corner.
            y: Row of its top left corner.
        """
        self.cover((x, y, x + layer.width, y + layer.height))
        self._image.paste(layer._image, (x, y))
        self.half_seen |= layer.half_seen
        for text, box in layer.texts:
            self._keep_text(text, _moved(box, x, y))
        for element in layer.elements:
            self.add(element.role, element.label, _moved(element.box, x, y))

    def forget(self) -> None:
        """Forgets everything drawn so far: it is visible, but nothing may be asked about it."""
        self.half_seen |= {entry[0].casefold() for entry in self.texts}
        self.half_seen |= {element.label.casefold() for element in self.elements}
        self.texts, self.elements = [], []

    # Drawing

    def fill(self, box: Box, colour: Colour, radius: int = 0, outline: Colour | None = None) -> None:
        """Fills a box, with round corners and a line inside its edge when asked.

        Args:
            box: (x0, y0, x1, y1) pixels.
            colour: RGB.
            radius: Of the corners, pixels.
            outline: RGB of the line; None for none.
        """
        x0, y0, x1, y1 = (int(edge) for edge in box)
        if x1 - x0 < 3 or y1 - y0 < 3:
            radius, outline = 0, None
        if x1 <= x0 or y1 <= y0:
            return
        if outline is not None:
            line = 2 if self.theme.em > 17 and x1 - x0 > 8 else 1
            self._round(x0, y0, x1, y1, outline, radius)
            self._round(x0 + line, y0 + line, x1 - line, y1 - line, colour, max(0, radius - line))
        else:
            self._round(x0, y0, x1, y1, colour, radius)

    def _round(self, x0: int, y0: int, x1: int, y1: int, colour: Colour, radius: int) -> None:
        radius = min(radius, (x1 - x0) // 2, (y1 - y0) // 2)
        draw = self._draw
        if radius < 1:
            draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=colour)
            return
        if x1 - x0 > 2 * radius:
            draw.rectangle((x0 + radius, y0, x1 - radius - 1, y1 - 1), fill=colour)
        if y1 - y0 > 2 * radius:
            draw.rectangle((x0, y0 + radius, x1 - 1, y1 - radius - 1), fill=colour)
        for at, corner in zip(
            ((x0, y0), (x1 - radius, y0), (x0, y1 - radius), (x1 - radius, y1 - radius)),
            _corners(radius),
            strict=True,
        ):
            draw.bitmap(at, corner, fill=colour)

    def line(self, points: list[tuple[float, float]], colour: Colour, width: float = 1.0) -> None:
        """Draws a line through points; upright and level lines are crisp.

        Args:
            points: (x, y) pixels.
            colour: RGB.
            width: Pixels.
        """
        self._draw.line(points, fill=colour, width=max(1, round(width)), joint="curve")

    def shade(self, box: Box, colour: Colour, strength: float) -> None:
        """Tints what is already drawn inside a box.

        Args:
            box: (x0, y0, x1, y1) pixels.
            colour: RGB.
            strength: 0 for nothing, 1 for the colour alone.
        """
        x0, y0, x1, y1 = (int(edge) for edge in box)
        region = (max(0, x0), max(0, y0), min(self.width, x1), min(self.height, y1))
        if region[2] > region[0] and region[3] > region[1]:
            piece = self._image.crop(region)
            self._image.paste(Image.blend(piece, Image.new("RGB", piece.size, colour), strength), region)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        colour: Colour,
        font: Face | None = None,
    ) -> Box:
        """Writes text and remembers it.

        Args:
            x: Left edge of its line box, pixels.
            y: Top edge of its line box, pixels.
            text: What to write.
            colour: RGB.
            font: The theme's body face unless given.

        Returns:
            The line box, (x0, y0, x1, y1) pixels.
        """
        face = font or self.theme.body
        gap, cursor = self.theme.spacing, x
        for run in text if gap else (text,):
            self._draw.text((cursor, y), run, fill=colour, font=face.font)
            cursor += face.length(run) + gap
        box = (x, y, cursor - gap, y + face.height)
        self._keep_text(text, box)
        return box

    def hint(self, x: float, y: float, text: str) -> None:
        """Writes muted text that nobody asks for, such as a key combination or a separator.

        Args:
            x: Left edge, pixels.
            y: Top edge, pixels.
            text: What to write.
        """
        self._draw.text((x, y), text, fill=self.theme.muted, font=self.theme.body.font)

    def _keep_text(self, text: str, box: Box) -> None:
        share = self._seen_share(box)
        if share >= WHOLE:
            self.texts.append((text, box))
        elif share > 0:
            self.half_seen.add(text.casefold())

    def text_width(self, text: str, font: Face | None = None) -> float:
        """Measures a text, letter spacing included.

        Args:
            text: The text.
            font: The theme's body face unless given.

        Returns:
            Pixels.
        """
        return (font or self.theme.body).length(text) + self.theme.spacing * (len(text) - 1)

    def line_height(self, font: Face | None = None) -> int:
        """Returns the height of a line box in pixels.

        Args:
            font: The theme's body face unless given.
        """
        return (font or self.theme.body).height

    def icon(self, x: float, y: float, size: int, concept: str, colour: Colour) -> Box:
        """Draws an icon and remembers it.

        Args:
            x: Left edge, pixels.
            y: Top edge, pixels.
            size: Side, pixels.
            concept: What it shows.
            colour: RGB.

        Returns:
            Its box, (x0, y0, x1, y1) pixels.
        """
        self._draw.bitmap(
            (int(x), int(y)), self._icons.mask(self.theme.icon_style, concept, size), fill=colour
        )
        box = (int(x), int(y), int(x) + size, int(y) + size)
        self.add("icon", concept, box)
        return box

    def any_icon(self) -> str:
        """Returns the key of a concept that the theme's icon style can draw."""
        return self.rand.one_of(_concepts(self._icons, self.theme.icon_style))

    def can_draw(self, concept: str) -> bool:
        """Tells whether the theme's icon style has a drawing of a concept.

        Args:
            concept: Its key.
        """
        return concept in self._icons.rows[self.theme.icon_style]

    # Remembering

    def add(self, role: str, label: str, box: Box) -> None:
        """Remembers an element; one that is cut by the edge of the image is only remembered as half seen.

        Args:
            role: One of `elements.ROLES`.
            label: What is written on or beside it.
            box: (x0, y0, x1, y1) pixels.
        """
        share = self._seen_share(box)
        if share >= WHOLE:
            self.elements.append(Element(role, label, box))
        elif share > 0:
            self.half_seen.add(label.casefold())

    def widen_last_icon(self, box: Box) -> None:
        """Makes a whole button the element that its icon names.

        Args:
            box: Box of the button, (x0, y0, x1, y1) pixels.
        """
        if self.elements and self.elements[-1].role == "icon" and self._seen_share(box) >= WHOLE:
            self.elements[-1] = replace(self.elements[-1], box=box)

    def cover(self, box: Box) -> None:
        """Forgets what a box hides that is about to be drawn over everything.

        Args:
            box: (x0, y0, x1, y1) pixels.
        """
        self.texts = [entry for entry in self.texts if not self._hidden(entry[0], entry[1], box)]
        self.elements = [kept for kept in self.elements if not self._hidden(kept.label, kept.box, box)]

    def _hidden(self, label: str, box: Box, by: Box) -> bool:
        shared = _overlap(box, by)
        if shared <= 0:
            return False
        if shared < 0.98 * (box[2] - box[0]) * (box[3] - box[1]):
            self.half_seen.add(label.casefold())
        return True

    def _seen_share(self, box: Box) -> float:
        area = (box[2] - box[0]) * (box[3] - box[1])
        return _overlap(box, (0, 0, self.width, self.height)) / area if area > 0 else 0.0

    def hover(self, colour: Colour) -> Colour:
        """Moves a colour a little towards the text colour, for what lies under the pointer or is selected.

        Args:
            colour: RGB.

        Returns:
            RGB.
        """
        return blend(colour, self.theme.text, 0.1)


def _moved(box: Box, x: float, y: float) -> Box:
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0


@lru_cache(maxsize=256)
def _corners(radius: int) -> tuple[Image.Image, ...]:
    """Anti-aliased quarters of a disc: left top, right top, left bottom, right bottom."""
    scale = 4
    disc = Image.new("L", (2 * radius * scale, 2 * radius * scale), 0)
    ImageDraw.Draw(disc).ellipse((0, 0, 2 * radius * scale - 1, 2 * radius * scale - 1), fill=255)
    disc = disc.resize((2 * radius, 2 * radius), Image.Resampling.BOX)
    whole, half = 2 * radius, radius
    boxes = ((0, 0, half, half), (half, 0, whole, half), (0, half, half, whole), (half, half, whole, whole))
    return tuple(disc.crop(box) for box in boxes)


@lru_cache(maxsize=64)
def _concepts(icons: IconLibrary, style: str) -> tuple[str, ...]:
    return tuple(sorted(icons.rows[style]))
