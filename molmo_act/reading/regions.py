"""Which parts of a screen have content, and which have changed: rectangles of square cells."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from molmo_act.reading.text import Box

CELL = 8
"""Side of a cell in pixels, about half the height of a line of text."""
_STEP = 12  # least difference of neighbouring pixels, of 255, that text could make


def content_cells(image: np.ndarray) -> np.ndarray:
    """Finds the cells where something could be written, and those around them.

    Text makes steps from left to right and from top to bottom; areas of one colour, and the straight edges of
    windows and boxes, do not make both.

    Args:
        image: uint8 (H, W, 3).

    Returns:
        bool (rows, columns) of cells.
    """
    across, down = (np.zeros(image.shape[:2], bool) for _ in range(2))
    for plane in (image.max(axis=2).astype(np.int16), image.min(axis=2).astype(np.int16)):
        across[:, 1:] |= np.abs(np.diff(plane, axis=1)) > _STEP
        down[1:] |= np.abs(np.diff(plane, axis=0)) > _STEP
    return grown(cells_with(across) & cells_with(down))


def changed_cells(image: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Finds the cells that hold a pixel which changed.

    Args:
        image: uint8 (H, W, 3).
        before: The same of an earlier time.

    Returns:
        bool (rows, columns) of cells.
    """
    changed = image != before
    return cells_with(changed[:, :, 0] | changed[:, :, 1] | changed[:, :, 2])


def cells_with(pixels: np.ndarray) -> np.ndarray:
    """Finds the cells with any pixel of a mask.

    Args:
        pixels: bool (H, W).

    Returns:
        bool (rows, columns) of cells; the last ones may reach beyond the image.
    """
    rows = np.logical_or.reduceat(pixels, np.arange(0, pixels.shape[0], CELL), axis=0)
    found: np.ndarray = np.logical_or.reduceat(rows, np.arange(0, pixels.shape[1], CELL), axis=1)
    return found


def grown(cells: np.ndarray) -> np.ndarray:
    """Adds the cells beside those of a mask, bool (rows, columns)."""
    padded = np.pad(cells, 1)
    tall = padded[:-2] | padded[1:-1] | padded[2:]
    wide: np.ndarray = tall[:, :-2] | tall[:, 1:-1] | tall[:, 2:]
    return wide


def cells_of(boxes: list[Box], shape: tuple[int, int]) -> np.ndarray:
    """Marks the cells that boxes touch.

    Args:
        boxes: In pixels.
        shape: (rows, columns) of the mask.

    Returns:
        bool (rows, columns) of cells.
    """
    cells = np.zeros(shape, bool)
    for box in boxes:
        cells[cell_range(box)] = True
    return cells


def cell_range(box: Box) -> tuple[slice, slice]:
    """Gives the rows and columns of the cells that a box in pixels touches."""
    x0, y0, x1, y1 = (int(side) for side in box)
    return slice(y0 // CELL, -(-y1 // CELL)), slice(x0 // CELL, -(-x1 // CELL))


def rectangles(cells: np.ndarray, size: tuple[int, int]) -> list[Box]:
    """Covers the cells of a mask with rectangles that do not overlap.

    A rectangle is split where a whole row or column of it is empty, and its halves in the same way (the
    recursive XY-cut of Nagy and Seth, 1984).

    Args:
        cells: bool (rows, columns).
        size: (width, height) of the image in pixels, which no rectangle leaves.

    Returns:
        The rectangles in whole pixels.
    """
    width, height = size
    return [
        (
            float(columns.start * CELL),
            float(rows.start * CELL),
            float(min(columns.stop * CELL, width)),
            float(min(rows.stop * CELL, height)),
        )
        for rows, columns in _parts(cells)
    ]


def _parts(cells: np.ndarray) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of parts with no empty row or column."""
    open_parts = [(slice(0, cells.shape[0]), slice(0, cells.shape[1]))]
    while open_parts:
        rows, columns = open_parts.pop()
        part = cells[rows, columns]
        across = _runs(np.logical_or.reduce(part, axis=1), rows.start)
        down = _runs(np.logical_or.reduce(part, axis=0), columns.start)
        if not across:
            continue
        if (across, down) == ([rows], [columns]):
            yield rows, columns
        else:
            open_parts += [(some_rows, some_columns) for some_rows in across for some_columns in down]


def _runs(filled: np.ndarray, start: int) -> list[slice]:
    """The runs of True in a row of cells."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], filled, [False])).astype(np.int8)))
    return [slice(start + int(a), start + int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
