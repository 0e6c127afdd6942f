"""LazyReader: a reader by name that is opened, in a process of its own, when it first reads."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from molmo_act._optional import require_optional
from molmo_act.reading.names import SCRIPTS
from molmo_act.reading.opening import reader_apart

if TYPE_CHECKING:
    import numpy as np

    from molmo_act.reading.reader import TextReader
    from molmo_act.reading.text import ReadText


class LazyReader:
    """A `TextReader` that takes its time and memory only where something is read.

    Args:
        name: One of `molmo_act.reading.names.READER_NAMES`.

    Attributes:
        name: The same.
        scripts: Scripts that it knows; None where that is not known.

    Raises:
        MissingExtraError: Its package is not installed.
    """

    def __init__(self, name: str) -> None:
        require_optional(name, extra="ocr", purpose="Reading text")
        self.name = name
        self.scripts = SCRIPTS.get(name)

    def read(self, image: np.ndarray, *, timeout: float | None = None) -> ReadText:
        """Reads an image; see `TextReader.read`.

        Raises:
            MolmoActError: It cannot be opened, see `molmo_act.reading.opening.reader_apart`.
        """
        return self._reader.read(image, timeout=timeout)

    @cached_property
    def _reader(self) -> TextReader:
        return reader_apart(self.name)
