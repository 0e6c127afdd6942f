"""Pages that `model.data.html_screens` rendered, as pictures to learn from; knows no browser."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from model.data.cache import CACHE
from model.data.dice import Dice
from model.data.pages import damaged_page, load_page
from model.data.sample import Picture
from model.data.screen_elements import Shown, cut_out, reading_order
from model.data.screen_intents import ask_without_labels
from model.data.screen_queries import ask
from model.data.skipping import SkippedRow
from model.data.ui_words import LabelWriter, word_list
from molmo_act.errors import InputError

DEFAULT_FOLDER = CACHE / "html"
_ROW_HEIGHT = 8.0  # pixels; texts whose middles are closer are in one row
_LARGEST_CUT = 2.0  # times as large as a window are the pages it is cut from, while there are such pages


class HtmlPages:
    """A folder of rendered pages; every reading asks anew.

    Attributes:
        blocks: One, of all pages.

    Args:
        folder: What `python -m model.data.html_screens --out FOLDER` filled.
        split: "train" or "eval".
        words: For labels of absent things instead of the split's own.

    Raises:
        InputError: The folder holds no pages of that split.
    """

    def __init__(self, folder: Path, split: str = "train", words: tuple[str, ...] | None = None) -> None:
        self._paths = sorted(folder.glob(f"{split}-*.json"))
        if not self._paths:
            raise InputError(
                f"No rendered pages of the split {split!r} in {folder}; render some with: "
                f"python -m model.data.html_screens --split {split} --out {folder}"
            )
        self._words = words or word_list(split)
        self.blocks: Sequence[int] = (len(self._paths),)

    def read(self, index: int, rng: np.random.Generator) -> Picture:
        """A whole page with queries; see `Source`."""
        picture = self._asked(*load_page(self._paths[index]), rng)
        if not picture.queries:
            raise SkippedRow("nothing to ask")
        return picture

    def window(self, rng: np.random.Generator, width: int, height: int) -> Picture | None:
        """A picture of exactly this size, cut at random from a page; None when no page is as large.

        Args:
            rng: Source of all choices.
            width: Pixels.
            height: Pixels.
        """
        room = (self._sizes - (width, height)).min(axis=1) >= 0
        close = room & (self._sizes.prod(axis=1) <= _LARGEST_CUT**2 * width * height)
        fitting = np.flatnonzero(close if close.any() else room)
        if not len(fitting):
            return None
        index = rng.choice(fitting)
        image, shown = load_page(self._paths[index])
        if image.shape[:2] != (height, width):
            left, top = (int(rng.integers(room + 1)) for room in self._sizes[index] - (width, height))
            image = np.ascontiguousarray(image[top : top + height, left : left + width])
            shown = cut_out(shown, (left, top, left + width, top + height))
        return self._asked(image, shown, rng)

    def _asked(self, image: np.ndarray, shown: Shown, rng: np.random.Generator) -> Picture:
        dice = Dice(rng)
        queries = ask(shown, LabelWriter(dice, self._words))
        queries += ask_without_labels(shown, (image.shape[1], image.shape[0]), dice)
        return Picture(image, queries, reading_order(shown.texts, _ROW_HEIGHT))

    @cached_property
    def _sizes(self) -> np.ndarray:
        """Width and height of every page, int (pages, 2)."""

        def size(path: Path) -> tuple[int, int]:
            try:
                with Image.open(path.with_suffix(".png")) as picture:
                    return picture.size
            except OSError as exc:
                raise damaged_page(path, exc) from exc

        return np.array([size(path) for path in self._paths])
