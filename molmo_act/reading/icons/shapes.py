"""Finds small compact shapes that stand apart from what is around them, at any place of an image."""

from __future__ import annotations

import numpy as np

from molmo_act._optional import lazy_import
from molmo_act.reading.text import ReadText

cv2 = lazy_import("cv2", extra="ocr", purpose="finding icons")

MOST = 500
"""Shapes that are looked at in one image, those that stand most apart."""
SIDE = 7, 100
"""Shortest and longest side of a shape in pixels, the longer one."""
_MOST_PIXELS = 12_000_000  # a larger image is looked at in half its size, or less
_STEP = 20  # difference of neighbouring pixels at an edge, of 255
_KERNELS = 1, 3, 5, 9  # pixels over which parts of one shape are joined, as the bars of a menu icon
_THINNEST = 2
_LONGEST = 5.0  # times as long as high, or the other way round
_RING = 2  # pixels around a shape that are mostly without edges
_CROWDED = 0.45  # share of the ring with edges
_SURE_WORD, _LONG_WORD = 0.8, 3  # confidence and letters of what is a word and no icon
_BESIDE = 1.3  # heights of a line at its beginning and end in which an icon may have been read as letters


def find_shapes(image: np.ndarray, text: ReadText | None = None) -> np.ndarray:
    """Finds what may be icons.

    Args:
        image: uint8 (H, W, 3), RGB.
        text: What was read in it; shapes that are letters of its words are left out.

    Returns:
        int32 (N, 4) boxes (x0, y0, x1, y1) in pixels, right and bottom edges excluded; at most `MOST`.
    """
    height, width = image.shape[:2]
    if min(height, width) < SIDE[0]:
        return np.zeros((0, 4), np.int32)
    step = int(np.ceil(np.sqrt(height * width / _MOST_PIXELS)))
    small = image if step <= 1 else cv2.resize(image, None, fx=1 / step, fy=1 / step, interpolation=3)
    edges = _edges(small)
    boxes = np.concatenate([_components(edges, kernel) for kernel in _KERNELS])
    _, first = np.unique((boxes + 1) // 3, axis=0, return_index=True)  # the same within a pixel or two
    boxes = boxes[np.sort(first)]
    crowded = _ring_share(edges, boxes)
    boxes, crowded = boxes[crowded <= _CROWDED], crowded[crowded <= _CROWDED]
    boxes = boxes * max(step, 1)
    if text is not None and len(boxes):
        apart = ~_are_letters(boxes, text)
        boxes, crowded = boxes[apart], crowded[apart]
    return boxes[np.argsort(crowded, kind="stable")[:MOST]].astype(np.int32)


def _edges(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W), 1 where a pixel differs from one beside or below it."""
    corner = np.ones((2, 2), np.uint8)
    lighter = cv2.dilate(image, corner, anchor=(0, 0))
    darker = cv2.erode(image, corner, anchor=(0, 0))
    edges: np.ndarray = ((lighter - darker).max(axis=2) > _STEP).astype(np.uint8)
    return edges


def _components(edges: np.ndarray, kernel: int) -> np.ndarray:
    """int64 (N, 4) boxes of edges that hang together over gaps of less than a kernel."""
    joined = edges if kernel == 1 else cv2.dilate(edges, np.ones((kernel, kernel), np.uint8))
    _, _, found, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_32S)
    x, y, wide, high = found[1:, :4].astype(np.int64).T
    half = kernel // 2
    left, top = x + half * (x > 0), y + half * (y > 0)
    right, bottom = x + wide - half, y + high - half
    # an edge lies at the last pixel before the change: on the left and above, that is outside of the shape
    boxes = np.stack([left + 1, top + 1, right, bottom], axis=1)
    sides = boxes[:, 2:] - boxes[:, :2]
    longer, shorter = sides.max(axis=1), sides.min(axis=1)
    fits = (longer >= SIDE[0]) & (longer <= SIDE[1]) & (shorter >= _THINNEST)
    kept: np.ndarray = boxes[fits & (longer <= _LONGEST * shorter)]
    return kept


def _ring_share(edges: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Float (N,): the share of the pixels around each box that are edges."""
    height, width = edges.shape
    sums = np.pad(np.cumsum(np.cumsum(edges, axis=0, dtype=np.int32), axis=1), ((1, 0), (1, 0)))

    def total(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray) -> np.ndarray:
        added: np.ndarray = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
        return added

    x0, y0, x1, y1 = boxes.T
    # its own edges lie up to one pixel before it
    inner = np.maximum(x0 - 1, 0), np.maximum(y0 - 1, 0), x1, y1
    reach = _RING + 1
    outer = (
        np.maximum(x0 - reach, 0),
        np.maximum(y0 - reach, 0),
        np.minimum(x1 + _RING, width),
        np.minimum(y1 + _RING, height),
    )
    area = (outer[2] - outer[0]) * (outer[3] - outer[1]) - (inner[2] - inner[0]) * (inner[3] - inner[1])
    share: np.ndarray = (total(*outer) - total(*inner)) / np.maximum(area, 1)
    return share


def _are_letters(boxes: np.ndarray, text: ReadText) -> np.ndarray:
    """Bool (N,): whether each box lies in a word, but not where an icon may have been read as its letters."""
    words, spared = [], []
    for line in text:
        for word in line.words:
            if word.confidence < _SURE_WORD or len(word.text) < _LONG_WORD:
                continue
            words.append(word.box)
            x0, y0, x1, y1 = word.box
            beside = _BESIDE * (y1 - y0)
            first = word is line.words[0]
            spared.append((x0 if not first else x0 + beside, x1))
    if not words:
        return np.zeros(len(boxes), bool)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = np.zeros(len(boxes), bool)
    high = boxes[:, 3] - boxes[:, 1]
    for (_, y0, _, y1), (left, right) in zip(words, spared, strict=True):
        across = (middle[:, 0] >= left) & (middle[:, 0] < right)
        inside |= across & (middle[:, 1] >= y0) & (middle[:, 1] < y1) & (high <= 1.4 * (y1 - y0))
    return inside
