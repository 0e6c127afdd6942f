"""What every set of images with masks gives: rows that ask about an image, whose answers are masks."""

from __future__ import annotations

import hashlib
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
        where: Its place in the file that lists the masks, for messages.
        fault: Why it cannot be used, where that is known before a mask is read.
    """

    asked: Mapping[str, Any]
    path: Path
    masks: tuple[str, ...]
    read: Callable[[str], np.ndarray]
    where: str
    fault: SkippedRow | None = None

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

    @property
    def lists(self) -> tuple[Path, ...]:
        """The files that decide which rows there are."""
        return (self._path,)

    def checksum(self) -> str:
        """Tells whether the set is the one that it was: SHA-256 of the files that list it, in hexadecimal."""
        digest = hashlib.sha256()
        for path in self.lists:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def rows(self) -> Iterator[MaskRow]:
        """Yields the rows, in the same order every time."""

    def broken(self, where: str, fault: SkippedRow) -> MaskRow:
        """Makes a row that is only counted.

        Args:
            where: See `MaskRow`.
            fault: See `MaskRow`.

        Returns:
            A row of no image.
        """

        def read(name: str) -> np.ndarray:
            raise fault

        return MaskRow({}, self._path, (), read, where, fault)

    def file(self, name: object) -> Path:
        """Finds a file of the set.

        Args:
            name: Its path in the folder.

        Returns:
            The path.

        Raises:
            SkippedRow: It lies outside of the folder, or is no path.
        """
        try:
            path = self._folder / str(name)
            if path.resolve().is_relative_to(self._folder.resolve()):
                return path
        except (ValueError, OSError, RuntimeError):  # a zero byte, half a character, a loop of links
            raise SkippedRow(f"{str(name)!r} is no path of a file") from None
        raise SkippedRow(f"{str(name)!r} lies outside of its folder")


def field(values: Any, name: str, what: str) -> Any:
    """Reads what a row must have.

    Args:
        values: What a JSON file holds for the row.
        name: Its key.
        what: What the values are of, for the reason of skipping.

    Returns:
        The value.

    Raises:
        SkippedRow: There is none.
    """
    if not isinstance(values, Mapping) or values.get(name) is None:
        raise SkippedRow(f"{what} has no {name}")
    return values[name]


def words(value: Any, what: str) -> str:
    """Checks a text or a name.

    Args:
        value: What a row has.
        what: What it is, for the reason of skipping.

    Returns:
        The text.

    Raises:
        SkippedRow: It is empty, or no text.
    """
    if not isinstance(value, str) or not value.strip():
        raise SkippedRow(f"{what} is {value!r}; expected words")
    return value


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
        return json.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark in front
    except (OSError, ValueError, RecursionError) as exc:
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
