"""What all parts of one composed page share: choices, labels, icons, pictures; makes no HTML."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape as safe

import cv2

from model.data.dice import Dice
from model.data.icon_names import icon_concepts
from model.data.page_assets import PageAssets
from model.data.ui_vocabulary import FIRST_NAMES, LAST_NAMES
from model.data.ui_words import LabelWriter

_USUAL_AREA = 1280 * 800  # CSS pixels


class Composer:
    """What all parts of one page share.

    Args:
        dice: Source of all choices.
        assets: Icons, words and photographs.
        width: CSS pixels of the viewport.
        height: CSS pixels of the viewport.

    Attributes:
        dice, width, height: The same.
        writer: Writes labels.
        beside: Where field labels stand on this page: "above", "left" or "hint".
        switches: Whether on/off options are switches.
    """

    def __init__(self, dice: Dice, assets: PageAssets, width: int, height: int) -> None:
        self.dice, self.width, self.height = dice, width, height
        self.writer = LabelWriter(dice, assets.words)
        self._icons = assets.style(dice)
        self._concepts = tuple(sorted(set(self._icons) & set(icon_concepts())))
        self._photos, self._last_id = assets.photos, 0
        self.beside = dice.one_of(("above", "above", "left", "hint"))
        self.switches = dice.chance() < 0.35

    def label(self, purpose: str) -> str:
        """A label for a purpose, see `LabelWriter.label`, ready for HTML."""
        return safe(self.writer.label(purpose))

    def value(self) -> str:
        """Something filled in, ready for HTML."""
        return safe(self.writer.value())

    def sentence(self, shortest: int = 5, longest: int = 12) -> str:
        """Words in the shape of a sentence."""
        return f"{self.writer.phrase(shortest, longest)}."

    def name(self) -> str:
        """A person's name."""
        return f"{self.dice.one_of(FIRST_NAMES)} {self.dice.one_of(LAST_NAMES)}"

    def svg(self, concept: str) -> str:
        """A drawing, or nothing when no set has it."""
        return self._icons.get(concept, "")

    def concept(self) -> str:
        """Any concept that can be drawn."""
        return self.dice.one_of(self._concepts) if self._concepts else ""

    def concepts(self, count: int) -> list[str]:
        """Different concepts that can be drawn."""
        return list(dict.fromkeys(self.concept() for _ in range(count)))

    def new_id(self) -> str:
        """An id that no other element has."""
        self._last_id += 1
        return f"e{self._last_id}"

    def photo(self) -> str:
        """A part of a photograph as a CSS picture; a gradient when there are none."""
        if not len(self._photos):
            return self.gradient()
        whole = self._photos[self.dice.below(len(self._photos))]
        top, left = (self.dice.below(side // 2) for side in whole.shape[:2])
        part = cv2.cvtColor(whole[top:, left:], cv2.COLOR_RGB2BGR)
        stored = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
        return f"url(data:image/jpeg;base64,{base64.b64encode(stored.tobytes()).decode()})"

    def gradient(self) -> str:
        """A CSS picture: one gradient, or a spot over it."""
        dice = self.dice
        hue, second = dice.below(360), dice.below(360)
        light, dark = 35 + dice.below(50), 15 + dice.below(50)
        soft = f"linear-gradient({dice.below(360)}deg,hsl({hue} 55% {light}%),hsl({second} 50% {dark}%))"
        spot = (
            f"radial-gradient(circle at {dice.below(100)}% {dice.below(100)}%,hsl({second} 70% {light}%) "
            f"{dice.below(20)}%,transparent {30 + dice.below(50)}%)"
        )
        return soft if dice.chance() < 0.5 else f"{spot},{soft}"

    def filling(self, low: int, high: int, part: Callable[[], str]) -> str:
        """A part `low` to `high` times, and up to four times as often on larger screens."""
        room = min(max(self.width * self.height / _USUAL_AREA, 1.0), 4.0)
        return self.times(round(low * room), round(high * room), part)

    def times(self, low: int, high: int, part: Callable[[], str]) -> str:
        """A part `low` to `high` times."""
        return "".join(part() for _ in range(low + self.dice.below(high - low + 1)))
