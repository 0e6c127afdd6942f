"""Rows of parquet files and pictures that were downloaded beside them; knows no data set.

Rows are read group by group as they are stored, never a whole file at once. Pictures lie in a folder, each
under the SHA-256 of its address.
"""

from __future__ import annotations

import hashlib
import io
from bisect import bisect_right
from collections.abc import Mapping
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from model.data.skipping import SkippedRow
from molmo_act.errors import ImageError, InputError, MissingExtraError
from molmo_act.images import to_rgb


class ParquetRows:
    """All rows of a set of parquet files, by number.

    Attributes:
        blocks: Numbers of rows that are stored, and read, together.

    Args:
        files: In order.

    Raises:
        InputError: There is no file, or one is damaged.
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(self, files: list[Path]) -> None:
        if find_spec("pyarrow") is None:
            raise MissingExtraError("pyarrow", "train", "reading public data sets")
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
        """One row, columns by name.

        Raises:
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


class PictureFolder:
    """Pictures that were downloaded from their addresses.

    Args:
        folder: Holds one file a picture, named by the SHA-256 of its address in hexadecimal.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, url: str) -> Path:
        """Where the picture of an address lies, or should."""
        return self.folder / hashlib.sha256(url.encode()).hexdigest()

    def read(self, row: Mapping[str, Any]) -> np.ndarray:
        """RGB uint8 (H, W, 3) of a row's `image_url`; of what `image_sha256` says, where the row has it.

        Raises:
            SkippedRow: It is missing, is not what it was when it was annotated, or cannot be read.
        """
        data = _content(self.path(row["image_url"]))
        wanted = row.get("image_sha256")
        if wanted and hashlib.sha256(data).hexdigest() != wanted:
            raise SkippedRow("picture has changed since it was annotated")
        return decoded(data)

    def named(self, name: str) -> np.ndarray:
        """RGB uint8 (H, W, 3) of a file in the folder.

        Raises:
            SkippedRow: It is missing or cannot be read.
        """
        return decoded(_content(self.folder / name))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise SkippedRow("picture is missing") from None


def decoded(data: bytes) -> np.ndarray:
    """RGB uint8 (H, W, 3) of a picture file.

    Raises:
        SkippedRow: It cannot be read.
    """
    from PIL import Image

    try:
        return to_rgb(Image.open(io.BytesIO(data)))
    except (ImageError, OSError) as exc:
        raise SkippedRow("picture cannot be read") from exc
