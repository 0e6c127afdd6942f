"""What every set of images with masks gives: rows that ask about an image, whose answers are masks."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.data.datasets.parquet import decoded
from model.data.errors import SkippedRow
from molmo_act.errors import InputError


@dataclass(frozen=True)
class MaskRow:
    """One question about one image, whose answer is masks.

    Attributes:
        asked: What a line of points.jsonl holds beside the points: ``image`` (its path in the folder),
            ``text``, and what else is known.
        path: Of the image.
        masks: A name for each mask, the same wherever that mask is named.
        read: Gives the mask of a name, bool (H, W).
    """

    asked: Mapping[str, Any]
    path: Path
    masks: tuple[str, ...]
    read: Callable[[str], np.ndarray]

    def image(self) -> np.ndarray:
        """Reads the image, uint8 RGB (H, W, 3); raises `SkippedRow` where it cannot be."""
        return read_pixels(self.path, "image")

    def mask(self, name: str) -> np.ndarray:
        """Reads a mask, bool (H, W); raises `SkippedRow` where it cannot be."""
        return self.read(name)


class MaskSet(ABC):
    """A set of images with masks.

    Args:
        path: The file that lists them; images lie in or below its folder.

    Attributes:
        name: Name of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._folder, self.name = path, path.parent, path.name

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def rows(self) -> Iterator[MaskRow]:
        """Yields the rows, in the same order every time."""

    def file(self, name: object) -> Path:
        """Finds a file of the set.

        Args:
            name: Its path in the folder.

        Returns:
            The path.

        Raises:
            InputError: It lies outside of the folder.
        """
        path = self._folder / str(name)
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise InputError(f"{self._path} names {str(name)!r}, which lies outside of its folder.")
        return path


def read_json(path: Path) -> Any:
    """Reads a JSON file.

    Args:
        path: The file.

    Returns:
        What it holds.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"{path} cannot be read ({exc}); expected a JSON file.") from exc


def read_pixels(path: Path, what: str) -> np.ndarray:
    """Reads an image.

    Args:
        path: The file.
        what: What it is of, for the reason of skipping.

    Returns:
        uint8 RGB (H, W, 3).

    Raises:
        SkippedRow: It is missing, or no image.
    """
    try:
        return decoded(path.read_bytes())
    except OSError:
        raise SkippedRow(f"{what} is missing") from None
