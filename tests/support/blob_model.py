"""A fake pointing model for tests: it finds patches of the colour that a query names in the pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from molmo_act.outputs.points import Points

RGB = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
Place = tuple[tuple[float, float], float]
"""(x, y) in pixels of the image, pixel centres at +0.5, and a score."""


class BlobFinder:
    """Points at the middle of each connected patch of the colour that a query names.

    Queries are colours such as "#e01020" or "red"; a list of queries gets a list of answers.

    Args:
        meanwhile: Called with the number of each call, 1 and up, before the answer is given, so that a test
            can change the screen between the look and the act.
        score: The score of each point.
        merge: Whether all pixels of the colour are one patch, such as a button whose text has holes.
        smallest: Patches of at most this height in pixels are left out, unless merged.
    """

    name = "blobs"

    def __init__(
        self,
        meanwhile: Callable[[int], object] = lambda call: None,
        *,
        score: float = 0.9,
        merge: bool = False,
        smallest: int = 8,
    ) -> None:
        self.meanwhile, self.score = meanwhile, score
        self.merge, self.smallest = merge, smallest
        self.looks = 0

    def point(self, image: object, query: str | list[str], **bounds: float | None) -> Points | list[Points]:
        """As `molmo_act.PointingModel.point`; of the bounds it knows ``max_points`` and ``min_score``."""
        pixels = np.asarray(image)
        if not isinstance(query, str):
            return [self.answer(pixels, one, **bounds) for one in query]
        return self.answer(pixels, query, **bounds)

    def answer(
        self,
        pixels: np.ndarray,
        query: str,
        *,
        max_points: int | None = None,
        min_score: float = 0.0,
        **_: object,
    ) -> Points:
        """The answer to one query about uint8 RGB pixels (height, width, 3)."""
        places = [place for place in self.places(pixels, query) if place[1] >= min_score][:max_points]
        self.looks += 1
        self.meanwhile(self.looks)
        return Points(
            xy=[middle for middle, _ in places],
            score=[score for _, score in places],
            image_size=[(pixels.shape[1], pixels.shape[0])],
            query=query,
            absent=0.0 if places else 0.99,
        )

    def places(self, pixels: np.ndarray, query: str) -> list[Place]:
        """Middles and scores of the patches of a colour, in reading order."""
        wanted = RGB.get(query) or [int(query[i : i + 2], 16) for i in (1, 3, 5)]
        hit = (pixels == wanted).all(axis=-1)
        return [
            (((left + right) / 2, (top + bottom) / 2), self.score)
            for left, top, right, bottom in (bounding_box(hit) if self.merge else self._patches(hit))
        ]

    def _patches(self, hit: np.ndarray) -> list[tuple[int, int, int, int]]:
        from scipy import ndimage  # slow to import, and not needed for merged patches

        blobs, _ = ndimage.label(hit)
        return [
            (x.start, y.start, x.stop, y.stop)
            for y, x in ndimage.find_objects(blobs)
            if y.stop - y.start > self.smallest
        ]


def bounding_box(hit: np.ndarray) -> list[tuple[int, int, int, int]]:
    """[(left, top, right, bottom)] of everything that is true in (height, width); empty when nothing is."""
    rows, columns = np.flatnonzero(hit.any(axis=1)), np.flatnonzero(hit.any(axis=0))
    if not len(rows):
        return []
    return [(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)]
