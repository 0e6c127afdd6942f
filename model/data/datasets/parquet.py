"""Reads rows of parquet files, and the images that were downloaded beside them.

Rows are read by row groups as they are stored, never a whole file at once. Images lie in a folder, each
under the SHA-256 of its address.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from model.data.errors import SkippedRow
from molmo_act._optional import require_optional
from molmo_act.errors import ImageError, InputError
from molmo_act.io.image import to_rgb


class ParquetRows:
    """All rows of a set of parquet files, by number.

    Attributes:
        blocks: Numbers of rows that are stored, and read, together.

    Args:
        files: The files, in order.

    Raises:
        InputError: A file is damaged.
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(self, files: list[Path]) -> None:
        require_optional("pyarrow", extra="train", purpose="reading public data sets")
        self._groups: list[tuple[Path, int]] = []
        sizes: list[int] = []
        for path in files:
            about = _open(path).metadata
            for group in range(about.num_row_groups):
                self._groups.append((path, group))
                sizes.append(about.row_group(group).num_rows)
        self.blocks = tuple(sizes)
        self._ends = list(accumulate(sizes))
        self._held: tuple[int, Any] | None = None

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Reads one row.

        Args:
            index: Number of the row.

        Returns:
            Column → value.

        Raises:
            IndexError: There is no such row.
            InputError: Its file is damaged.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        block = bisect_right(self._ends, index)
        if self._held is None or self._held[0] != block:
            path, group = self._groups[block]
            try:
                self._held = (block, _open(path).read_row_group(group))
            except (OSError, ValueError) as exc:
                raise InputError(f"{path} is damaged ({exc}). Download it again.") from exc
        first = self._ends[block] - self.blocks[block]
        row: dict[str, Any] = self._held[1].slice(index - first, 1).to_pylist()[0]
        return row


def _open(path: Path) -> Any:
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import ParquetFile

    try:
        return ParquetFile(path)
    except (ArrowInvalid, OSError) as exc:
        raise InputError(f"{path} is damaged ({exc}). Download it again.") from exc


class ImageFolder:
    """Images that were downloaded from their addresses.

    Args:
        folder: Holds one file for each image, named by the SHA-256 of its address in hexadecimal.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, url: str) -> Path:
        """Returns where the image of an address lies, or should lie.

        Args:
            url: The address.
        """
        return self.folder / hashlib.sha256(url.encode()).hexdigest()

    def read(self, row: Mapping[str, Any]) -> np.ndarray:
        """Reads the image that a row names by its address.

        Args:
            row: Has `image_url` and perhaps `image_sha256`, the checksum of the file.

        Returns:
            uint8 (H, W, 3), RGB.

        Raises:
            SkippedRow: It is missing, is not what it was when it was annotated, or cannot be read.
        """
        data = _content(self.path(row["image_url"]))
        wanted = row.get("image_sha256")
        if wanted and hashlib.sha256(data).hexdigest() != wanted:
            raise SkippedRow("image has changed since it was annotated")
        return decoded(data)

    def named(self, name: str) -> np.ndarray:
        """Reads a file of the folder by its name.

        Args:
            name: File name.

        Returns:
            uint8 (H, W, 3), RGB.

        Raises:
            SkippedRow: It is missing or cannot be read.
        """
        return decoded(_content(self.folder / name))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise SkippedRow("image is missing") from None


def decoded(data: bytes) -> np.ndarray:
    """Decodes an image file.

    Args:
        data: Its bytes.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        SkippedRow: It cannot be read.
    """
    try:
        return to_rgb(data)
    except ImageError as exc:
        raise SkippedRow("image cannot be read") from exc
