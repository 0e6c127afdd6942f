"""Grounding triples (patch, subpatch, location) ⇄ pixels of the original image.

A point is three choices, each inside the one before:

- *patch*: a row of ``token_pooling``, that is one image token of the prompt;
- *subpatch*: a column of that row, that is one ViT patch of the image token's window;
- *location*: one of the 3 × 3 cells of that ViT patch, ``3·(third in x) + (third in y)``: **x is the high
  digit**.

``subpatch_mapping`` says where on the image a ViT patch lies: one array (rows, columns) per image, one
(frames, rows, columns) for a video, which cover the whole image however its aspect ratio was squeezed. All
patch ids are absolute: in a prompt of several images those of the second go on where the first ended.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from molmo_act.errors import InputError

LOCATION_STEP = 0.33
"""Side of a location cell in ViT patches when decoding: released models say 0.33, not 1/3, and so do we."""


def ground_points(
    xy: ArrayLike, image_size: tuple[int, int], token_pooling: ArrayLike, subpatch_mapping: ArrayLike
) -> np.ndarray:
    """The triple of the cell that each point lies in; what a model is taught to answer.

    Args:
        xy: float (N, 2) pixels of the original image, origin top-left, pixel centres at +0.5. The right and
            bottom edges belong to the last cells.
        image_size: (width, height) of the original image in pixels.
        token_pooling: int (P, S) absolute ViT patch ids behind every image token; -1 is padding.
        subpatch_mapping: int (rows, columns) absolute ViT patch ids over this image or frame.

    Returns:
        int64 (N, 3): patch, subpatch, location, in the order of `xy`.

    Raises:
        InputError: A point is not finite or lies outside the image, or the tables do not belong together.
    """
    points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    inside = (points >= 0) & (points <= image_size)
    if not inside.all():
        wrong = points[~inside.all(axis=1)][0].tolist()
        raise InputError(
            f"Point {wrong} lies outside the image of {image_size[0]}×{image_size[1]} pixels; expected "
            "pixels of the original image, inside it. Clip or drop such points."
        )
    mapping = np.asarray(subpatch_mapping)
    grid = np.array(mapping.shape[::-1])  # columns, rows: the order of x, y
    cell = points / image_size * grid
    corner = np.minimum(np.floor(cell), grid - 1).astype(np.int64)
    thirds = np.minimum(np.floor(3 * (cell - corner)), 2).astype(np.int64)
    patch, subpatch = _places_of(mapping[corner[:, 1], corner[:, 0]], np.asarray(token_pooling))
    return np.stack((patch, subpatch, 3 * thirds[:, 0] + thirds[:, 1]), axis=1)


def _places_of(patch_ids: np.ndarray, token_pooling: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of `token_pooling` that hold each id."""
    flat = token_pooling.ravel()
    place = np.full(max(int(flat.max(initial=0)), int(patch_ids.max(initial=0))) + 1, -1, dtype=np.int64)
    filled = np.flatnonzero(flat >= 0)
    place[flat[filled]] = filled
    if (place[patch_ids] < 0).any():
        raise InputError(
            "subpatch_mapping holds patch ids that token_pooling lacks; give both of one prompt."
        )
    return np.divmod(place[patch_ids], token_pooling.shape[1])


def locate_points(
    triples: ArrayLike,
    token_pooling: ArrayLike,
    subpatch_mapping: Sequence[ArrayLike],
    image_sizes: Sequence[tuple[int, int]],
) -> tuple[np.ndarray, np.ndarray]:
    """Where triples lie: the middle of their cell, in pixels of the original images.

    Args:
        triples: int (N, 3) patch, subpatch, location; a location of -1 means the middle of the ViT patch.
        token_pooling: int (P, S) absolute ViT patch ids behind every image token; -1 is padding.
        subpatch_mapping: For each image (or frame) int (rows, columns) absolute ViT patch ids.
        image_sizes: (width, height) in pixels of each image (or frame).

    Returns:
        Image (or frame) index int64 (N,), -1 where the ViT patch lies on none (padding, or the low-res view),
        and xy float64 (N, 2), NaN there.
    """
    rows = np.asarray(triples, dtype=np.int64).reshape(-1, 3)
    patch_ids = np.asarray(token_pooling)[rows[:, 0], rows[:, 1]]
    third = np.stack(np.divmod(rows[:, 2], 3), axis=1)
    offset = np.where(rows[:, 2:] < 0, 0.5, (third + 0.5) * LOCATION_STEP)
    grids = [np.asarray(mapping) for mapping in subpatch_mapping]
    image_index, row, column = _places_on(grids, patch_ids)
    xy = np.full((len(rows), 2), np.nan)
    for index in np.unique(image_index[image_index >= 0]):
        which = image_index == index
        cell = np.stack((column, row), axis=1)[which] + offset[which]
        xy[which] = cell / grids[index].shape[::-1] * image_sizes[index]
    return image_index, xy


def _places_on(
    grids: Sequence[np.ndarray], patch_ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Index of the grid, row and column where each id lies; the index is -1 where it lies on none."""
    ids = np.concatenate([np.empty(0, np.int64), *(grid.ravel() for grid in grids)])
    place = np.full(max(int(ids.max(initial=0)), int(patch_ids.max(initial=0))) + 1, -1, dtype=np.int64)
    place[ids] = np.arange(len(ids))
    found = np.where(patch_ids < 0, -1, place[patch_ids])
    firsts = np.cumsum([0, *(grid.size for grid in grids)])
    index = np.where(found < 0, -1, np.searchsorted(firsts, found, side="right") - 1)
    widths = np.array([*(grid.shape[1] for grid in grids), 1])  # the last one is for index -1
    return index, *np.divmod(found - firsts[index], widths[index])
