"""TextReader: what reads text in images."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from molmo_act.reading.text import ReadText


@runtime_checkable
class TextReader(Protocol):
    """Reads text in images.

    A reader may also have `scripts`, the scripts that it knows (see `molmo_act.reading.scripts`): labels in
    others are then left to the model, instead of counting as absent.

    Attributes:
        name: What messages call it.
    """

    name: str

    def read(self, image: np.ndarray, *, timeout: float | None = None) -> ReadText:
        """Reads everything written in an image.

        Args:
            image: uint8 (H, W, 3), RGB.
            timeout: Seconds that it may take; a reader that cannot stop may take longer.

        Returns:
            The lines, in pixels of the image.
        """
