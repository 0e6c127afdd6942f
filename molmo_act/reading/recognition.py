"""Reads the lines that were found: crops in batches to words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from molmo_act.reading.detection import Network, TextBox, normalized
from molmo_act.reading.text import Box, TextLine, Word

HEIGHT = 48
"""Height of a line in pixels as the network was taught."""
WIDEST = 3200
"""Most pixels of a line at that height; a longer one is squeezed."""
_NARROWEST = 32
_BATCH = 16  # lines
_BATCH_WIDTH = 3840  # pixels of all lines of a batch together, a matter of memory
_PADDING = 1.15  # lines of one batch differ by so much in width
_MAYBE_TURNED, _TURNED = 1.5, 2.5  # times as high as wide: a "1", or letters on their side


@dataclass(frozen=True)
class Characters:
    """What the network reads on one line.

    Attributes:
        text: The characters.
        confidence: The probability of each.
        place: Where the middle of each lies, as a share of the line's width.
    """

    text: str
    confidence: tuple[float, ...]
    place: tuple[float, ...]

    @property
    def mean_confidence(self) -> float:
        """The mean probability of its characters, 0 without any."""
        return sum(self.confidence) / len(self.confidence) if self.confidence else 0.0


def crops_of(image: np.ndarray, box: TextBox) -> list[tuple[np.ndarray, bool]]:
    """Cuts a line out of an image, upright.

    Args:
        image: uint8 (H, W, 3).
        box: Where the line is.

    Returns:
        uint8 (h, w, 3), at least one pixel, and whether it was turned since its letters lie on their side;
        both ways of a box that could be either.
    """
    import cv2

    if not box.tilted:
        x0, y0, x1, y1 = box.bounds
        height, width = image.shape[:2]
        left, top = min(max(int(x0), 0), width - 1), min(max(int(y0), 0), height - 1)
        cut = image[top : max(top + 1, round(y1)), left : max(left + 1, round(x1))]
    else:
        wide = max(1, round(float(np.linalg.norm(box.corners[1] - box.corners[0]))))
        high = max(1, round(box.height))
        to = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
        change = cv2.getPerspectiveTransform(box.corners, to)
        cut = cv2.warpPerspective(
            image, change, (wide, high), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
    ratio = cut.shape[0] / cut.shape[1]
    upright = [] if ratio >= _TURNED else [(cut, False)]
    return [*upright, (np.rot90(cut), True)] if ratio >= _MAYBE_TURNED else upright


def batches(crops: Sequence[np.ndarray]) -> Iterator[tuple[list[int], int]]:
    """Groups lines of about the same width.

    Args:
        crops: The lines.

    Yields:
        Numbers of lines, and the width in pixels that they are padded to.
    """
    widths = [_width(one) for one in crops]
    group: list[int] = []
    for number in sorted(range(len(crops)), key=widths.__getitem__):
        wide = widths[number]
        full = len(group) >= _BATCH or (len(group) + 1) * wide > _BATCH_WIDTH
        if group and (full or wide > _PADDING * widths[group[0]] + 16):
            yield group, widths[group[-1]]
            group = []
        group.append(number)
    if group:
        yield group, widths[group[-1]]


def _width(pixels: np.ndarray) -> int:
    """Width of a line at `HEIGHT`, a multiple of the network's stride."""
    wide = HEIGHT * pixels.shape[1] / pixels.shape[0]
    return int(min(max(-(-wide // 8) * 8, _NARROWEST), WIDEST))


def read_batch(network: Network, alphabet: Sequence[str], crops: Sequence[np.ndarray]) -> list[Characters]:
    """Reads lines.

    Args:
        network: Gives the probability of each character in each column, float32 (N, columns, characters).
        alphabet: The characters; the first one separates.
        crops: uint8 (h, w, 3), RGB.

    Returns:
        What is written on each.
    """
    import cv2

    wide = max(map(_width, crops))
    padded = np.zeros((len(crops), 3, HEIGHT, wide), np.float32)
    filled = []
    for row, pixels in zip(padded, crops, strict=True):
        own = min(wide, max(1, -(-HEIGHT * pixels.shape[1] // pixels.shape[0])))
        row[:, :, :own] = normalized(cv2.resize(np.ascontiguousarray(pixels), (own, HEIGHT)))
        filled.append(own / wide)
    probabilities = network(padded)
    best = probabilities.argmax(axis=2)
    sure = np.take_along_axis(probabilities, best[:, :, None], axis=2)[:, :, 0]
    return [_decoded(*row, alphabet) for row in zip(best, sure, filled, strict=True)]


def _decoded(best: np.ndarray, sure: np.ndarray, filled: float, alphabet: Sequence[str]) -> Characters:
    """Drops repetitions and separators (Graves et al., "Connectionist temporal classification", 2006)."""
    new = best != 0
    new[1:] &= best[1:] != best[:-1]
    columns = np.flatnonzero(new)
    places = np.minimum((columns + 0.5) / (len(best) * filled), 1.0)
    return Characters(
        "".join(alphabet[best[column]] for column in columns),
        tuple(float(sure[column]) for column in columns),
        tuple(places.tolist()),
    )


def to_line(characters: Characters, box: TextBox, turned: bool) -> TextLine | None:
    """Splits a line into words with their places.

    Args:
        characters: What was read.
        box: Where the line is.
        turned: Whether `crops_of` turned it, so that its words lie above one another.

    Returns:
        The line; None where only spaces were read.
    """
    words = []
    for first, last in _spans(characters.text):
        start, end = _edges(characters.place, first, last)
        words.append(
            Word(
                characters.text[first : last + 1],
                _part(box, start, end, turned),
                float(np.mean(characters.confidence[first : last + 1])),
            )
        )
    return TextLine(tuple(words), box.bounds) if words else None


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """First and last character of each word."""
    first = None
    for index, character in enumerate(text + " "):
        if character.isspace():
            if first is not None:
                yield first, index - 1
            first = None
        elif first is None:
            first = index


def _edges(place: Sequence[float], first: int, last: int) -> tuple[float, float]:
    """Where a word begins and ends, as shares of the line: half a character beyond its outer ones."""
    half = (place[last] - place[first]) / (2 * (last - first)) if last > first else 0.5 / len(place)
    start = 0.0 if first == 0 else place[first] - half
    end = 1.0 if last == len(place) - 1 else place[last] + half
    return max(start, 0.0), min(end, 1.0)


def _part(box: TextBox, start: float, end: float, turned: bool) -> Box:
    """The upright box around a part of a line."""
    top_left, top_right, _, bottom_left = box.corners
    # read from left to right, or from top to bottom
    first, second = (top_left, top_right) if turned else (top_left, bottom_left)
    along = bottom_left - top_left if turned else top_right - top_left
    corners = np.array([corner + along * share for corner in (first, second) for share in (start, end)])
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)
