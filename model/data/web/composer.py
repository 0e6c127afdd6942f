"""What all parts of one composed page share: choices, labels, icons and images."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape as safe

from model.data.assets.names import icon_concepts
from model.data.random_blocks import RandomBlocks
from model.data.screens.labels import FIRST_NAMES, LAST_NAMES, LabelWriter
from model.data.web.assets import PageAssets
from molmo_act._optional import lazy_import

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

_USUAL_AREA = 1280 * 800  # CSS pixels


class Composer:
    """What all parts of one page share.

    Args:
        rand: Source of all choices.
        assets: Icons, words and photographs.
        width: CSS pixels of the viewport.
        height: CSS pixels of the viewport.

    Attributes:
        rand: Source of all choices.
        width: CSS pixels of the viewport.
        height: CSS pixels of the viewport.
        writer: Writes labels.
        beside: Where field labels stand on this page: "above", "left" or "hint".
        switches: Whether on/off options are switches.
    """

    def __init__(self, rand: RandomBlocks, assets: PageAssets, width: int, height: int) -> None:
        self.rand, self.width, self.height = rand, width, height
        self.writer = LabelWriter(rand, assets.words)
        self._icons = assets.style(rand)
        self._concepts = tuple(sorted(set(self._icons) & set(icon_concepts())))
        self._photos, self._last_id = assets.photos, 0
        self.beside = rand.one_of(("above", "above", "left", "hint"))
        self.switches = rand.chance() < 0.35

    def label(self, purpose: str) -> str:
        """Writes a label, ready for HTML.

        Args:
            purpose: See `LabelWriter.label`.
        """
        return safe(self.writer.label(purpose))

    def value(self) -> str:
        """Writes something filled in, ready for HTML."""
        return safe(self.writer.value())

    def sentence(self, shortest: int = 5, longest: int = 12) -> str:
        """Writes words in the shape of a sentence.

        Args:
            shortest: Least number of words.
            longest: Largest number of words.
        """
        return f"{self.writer.phrase(shortest, longest)}."

    def name(self) -> str:
        """Returns a person's name."""
        return f"{self.rand.one_of(FIRST_NAMES)} {self.rand.one_of(LAST_NAMES)}"

    def svg(self, concept: str) -> str:
        """Returns a drawing as SVG, or "" when no set has it.

        Args:
            concept: What it shows.
        """
        return self._icons.get(concept, "")

    def concept(self) -> str:
        """Returns any concept that can be drawn."""
        return self.rand.one_of(self._concepts) if self._concepts else ""

    def concepts(self, count: int) -> list[str]:
        """Returns different concepts that can be drawn.

        Args:
            count: How many to draw; equal ones count once.
        """
        return list(dict.fromkeys(self.concept() for _ in range(count)))

    def new_id(self) -> str:
        """Returns an id that no other element has."""
        self._last_id += 1
        return f"e{self._last_id}"

    def photo(self) -> str:
        """Returns a part of a photograph as a CSS image; a gradient when there are none."""
        if not len(self._photos):
            return self.gradient()
        whole = self._photos[self.rand.below(len(self._photos))]
        top, left = (self.rand.below(side // 2) for side in whole.shape[:2])
        part = cv2.cvtColor(whole[top:, left:], cv2.COLOR_RGB2BGR)
        stored = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
        return f"url(data:image/jpeg;base64,{base64.b64encode(stored.tobytes()).decode()})"

    def gradient(self) -> str:
        """Returns a CSS image: one gradient, or a spot over it."""
        rand = self.rand
        hue, second = rand.below(360), rand.below(360)
        light, dark = 35 + rand.below(50), 15 + rand.below(50)
        soft = f"linear-gradient({rand.below(360)}deg,hsl({hue} 55% {light}%),hsl({second} 50% {dark}%))"
        spot = (
            f"radial-gradient(circle at {rand.below(100)}% {rand.below(100)}%,hsl({second} 70% {light}%) "
            f"{rand.below(20)}%,transparent {30 + rand.below(50)}%)"
        )
        return soft if rand.chance() < 0.5 else f"{spot},{soft}"

    def filling(self, low: int, high: int, part: Callable[[], str]) -> str:
        """Repeats a part, up to four times as often on larger screens.

        Args:
            low: Least number on a usual screen.
            high: Largest number on a usual screen.
            part: Makes one.

        Returns:
            The parts, one after the other.
        """
        room = min(max(self.width * self.height / _USUAL_AREA, 1.0), 4.0)
        return self.times(round(low * room), round(high * room), part)

    def times(self, low: int, high: int, part: Callable[[], str]) -> str:
        """Repeats a part.

        Args:
            low: Least number.
            high: Largest number.
            part: Makes one.

        Returns:
            The parts, one after the other.
        """
        return "".join(part() for _ in range(low + self.rand.below(high - low + 1)))
