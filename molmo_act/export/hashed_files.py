"""Files of a folder in the making: hashed while they are written, so that none is read again for that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


class HashedFile:
    """A file that is written from its beginning to its end.

    Args:
        file: Open for writing in binary mode, empty.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash, self._size = file, hashlib.sha256(), 0

    def write(self, content: bytes | memoryview) -> None:
        """Appends.

        Args:
            content: What to append; contiguous.
        """
        self._file.write(content)
        self._hash.update(content)
        self._size += memoryview(content).nbytes

    def tell(self) -> int:
        """How many bytes were written."""
        return self._size

    def described(self) -> dict[str, Any]:
        """Size in bytes, and SHA-256 in hexadecimal digits."""
        return {"size": self._size, "sha256": self._hash.hexdigest()}


class HashedFiles:
    """The files of a folder.

    Args:
        folder: Exists.

    Attributes:
        described: Name → size and hash of each file that was written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.described: dict[str, dict[str, Any]] = {}

    @contextmanager
    def new(self, name: str) -> Iterator[HashedFile]:
        """Writes a file.

        Args:
            name: Its name in the folder.

        Yields:
            The file, empty.
        """
        with (self._folder / name).open("wb") as file:
            hashed = HashedFile(file)
            yield hashed
        self.described[name] = hashed.described()
