"""Pages that `model.data.web.render` rendered, as images to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from model.data.errors import SkippedRow
from model.data.paths import CACHE
from model.data.random_blocks import RandomBlocks
from model.data.schema import ImageSample
from model.data.screens.elements import ScreenContent, cut_out, reading_order
from model.data.screens.intent_queries import ask_without_labels
from model.data.screens.labels import LabelWriter, word_list
from model.data.screens.queries import ask
from model.data.web.real_pages import damaged_page, load_page
from molmo_act.errors import InputError

DEFAULT_FOLDER = CACHE / "html"
_ROW_HEIGHT = 8.0  # pixels; texts whose middles are closer are in one row
_LARGEST_CUT = 2.0  # times as large as a window are the pages it is cut from, while there are such pages


class HtmlPages:
    """A folder of rendered pages; every reading asks anew.

    Attributes:
        blocks: One, of all pages.

    Args:
        folder: What `python -m model.data.web.render --out FOLDER` filled.
        split: "train" or "eval".
        words: For labels of absent elements instead of the split's own.

    Raises:
        InputError: The folder holds no pages of that split.
    """

    def __init__(self, folder: Path, split: str = "train", words: tuple[str, ...] | None = None) -> None:
        self._paths = sorted(folder.glob(f"{split}-*.json"))
        if not self._paths:
            raise InputError(
                f"No rendered pages of the split {split!r} in {folder}; render some with: "
                f"python -m model.data.web.render --split {split} --out {folder}"
            )
        self._words = words or word_list(split)
        self.blocks: Sequence[int] = (len(self._paths),)

    def read(self, index: int, rng: np.random.Generator) -> ImageSample:
        """Reads a whole page with queries; see `Source`.

        Args:
            index: Number of the page.
            rng: Source of the queries.

        Returns:
            The page with at least one query.

        Raises:
            SkippedRow: There is nothing to ask.
            InputError: The page is damaged.
        """
        sample = self._asked(*load_page(self._paths[index]), rng)
        if not sample.queries:
            raise SkippedRow("nothing to ask")
        return sample

    def window(self, rng: np.random.Generator, width: int, height: int) -> ImageSample | None:
        """Cuts an image of exactly this size at random from a page.

        Args:
            rng: Source of all choices.
            width: Pixels.
            height: Pixels.

        Returns:
            The image with its queries; None when no page is as large.
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

    def _asked(self, image: np.ndarray, shown: ScreenContent, rng: np.random.Generator) -> ImageSample:
        rand = RandomBlocks(rng)
        queries = ask(shown, LabelWriter(rand, self._words))
        queries += ask_without_labels(shown, (image.shape[1], image.shape[0]), rand)
        return ImageSample(image, queries, reading_order(shown.texts, _ROW_HEIGHT))

    @cached_property
    def _sizes(self) -> np.ndarray:
        """Width and height of every page, int (pages, 2)."""

        def size(path: Path) -> tuple[int, int]:
            try:
                with Image.open(path.with_suffix(".png")) as sample:
                    return sample.size
            except OSError as exc:
                raise damaged_page(path, exc) from exc

        return np.array([size(path) for path in self._paths])
