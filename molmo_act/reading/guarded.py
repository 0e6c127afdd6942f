"""GuardedReader: a reader that fails or hangs costs its text, never the answer of the model."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np

from molmo_act.reading.text import ReadText
from molmo_act.validation import check_number

if TYPE_CHECKING:
    from molmo_act.reading.reader import TextReader

READ_TIMEOUT = 60.0
"""Seconds after which an image counts as not read, unless another time is given."""
_GRACE = 1.25  # times the timeout that a reader which keeps it may take

logger = logging.getLogger(__name__)


class GuardedReader:
    """Reads in a thread of its own, and gives up after a time.

    Args:
        reader: What reads.
        timeout: Seconds after which an image counts as not read.

    Attributes:
        reader: The same.
        timeout: The same.
        failure: Why the last image was not read; None where it was.

    Raises:
        InputError: The timeout is no number of seconds above 0.
    """

    def __init__(self, reader: TextReader, timeout: float = READ_TIMEOUT) -> None:
        self.reader = reader
        self.timeout = check_number("timeout", timeout, above=0, what="seconds")
        self.failure: str | None = None
        self._turn = threading.Lock()
        self._hung: threading.Thread | None = None

    def __getstate__(self) -> dict[str, object]:
        """What a copy starts with: no thread."""
        return {"reader": self.reader, "timeout": self.timeout}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Takes what `__getstate__` gave."""
        self.__init__(**state)  # type: ignore[misc]

    @property
    def name(self) -> str:
        """What messages call the reader."""
        return self.reader.name

    @property
    def scripts(self) -> Collection[str] | None:
        """Scripts that the reader knows, see `molmo_act.reading.scripts`; None where it does not say."""
        return getattr(self.reader, "scripts", None)

    def read(self, image: np.ndarray) -> ReadText | None:
        """Reads an image.

        Args:
            image: uint8 (H, W, 3), RGB.

        Returns:
            What is written in it; None where the reader failed or took too long. `failure` then says why, and
            the first failure of its kind is logged.
        """
        with self._turn:
            if self._hung is not None and self._hung.is_alive():
                self._fail("it still reads an earlier image")
                return None
            self._hung = None
            return self._read(image)

    def _read(self, image: np.ndarray) -> ReadText | None:
        outcome: list[ReadText | BaseException] = []

        def work() -> None:
            try:
                outcome.append(self.reader.read(image, timeout=self.timeout))
            except BaseException as error:  # whatever a reader raises, the model goes on
                outcome.append(error)

        thread = _start(work)
        thread.join(self.timeout * _GRACE)
        if not outcome:
            self._hung = thread
            self._fail(f"it took more than {self.timeout:g} s")
            return None
        [found] = outcome
        if isinstance(found, BaseException):
            self._fail(f"{type(found).__name__}: {found}")
        elif not isinstance(found, ReadText):
            self._fail(f"it returned {type(found).__name__} instead of ReadText")
        elif found.image_size != (image.shape[1], image.shape[0]):
            self._fail(f"it returned the text of an image of {found.image_size} pixels, which was not asked")
        else:
            self.failure = None
            return found
        return None

    def _fail(self, why: str) -> None:
        if self.failure is None:
            logger.warning("Reader %s did not read an image: %s. The model answers alone.", self.name, why)
        self.failure = why


def _start(work: Callable[[], None]) -> threading.Thread:
    """Starts a thread that does not keep the program from ending."""
    thread = threading.Thread(target=work, name="molmo_act reader", daemon=True)
    thread.start()
    return thread
