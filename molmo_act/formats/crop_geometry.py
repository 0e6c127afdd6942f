"""How an image is cut into overlapping crops, and which patch of which crop lies where on it.

An image becomes one *global* crop (the whole image squeezed into ``crop_size`` pixels) and a grid of
*high-res* crops cut from a larger *canvas* (the whole image resized to ``rows × cols`` windows plus a
margin). Neighbouring crops overlap by the margins, so each canvas patch is owned by exactly one of them;
``subpatch_mapping`` says by which. ``pooling`` windows of patches become one image token each.

Sizes along one axis, in pixels: crop ``c``, patch ``p``, margin ``m = (left + right)·p``, window
``w = c − m``; ``n = c / p`` patches per crop side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from molmo_act.errors import InputError
from molmo_act.request import OWN
from molmo_act.validation import check_int

MAX_CROPS = 1024
"""Most high-res crops of an image. With released sizes they are more than 90,000 tokens, while no released
model reads more than 65,536, and 1.8 GB of pixels as the vision tower takes them."""

CROPS_AT_ONCE = 8
"""That the vision tower reads at once: it keeps the states of all layers as long, so this bounds memory."""


def check_max_crops(value: object) -> None:
    """Checks a number of high-res crops.

    Args:
        value: What was given as ``max_crops``; None leaves a checkpoint's own number.

    Raises:
        InputError: It is no whole number from 1 to `MAX_CROPS`: more crops are more tokens than any model
            reads.
    """
    check_int("max_crops", value, most=MAX_CROPS, none=OWN)


@dataclass(frozen=True)
class Geometry:
    """How images are cut, by processors and in training; the defaults are those of released models.

    Attributes:
        crop_size: Side of a crop in pixels, a multiple of ``patch_size``.
        patch_size: Side of a patch in pixels.
        pooling: Rows and columns of patches behind one image token.
        margins: Patches by which a crop overlaps its neighbours before and after it.
        max_crops: Most high-res crops, 1 to `MAX_CROPS`; the global crop comes on top.

    Raises:
        InputError: The sizes contradict one another, or there are more crops than `MAX_CROPS`; the message
            names the size and what it should be.
    """

    crop_size: int = 378
    patch_size: int = 14
    pooling: tuple[int, int] = (2, 2)
    margins: tuple[int, int] = (4, 4)
    max_crops: int = 8

    def __post_init__(self) -> None:
        """Refuses sizes that cannot go together."""
        crop, patch = self.crop_size, self.patch_size
        if patch < 1 or crop < patch or crop % patch:
            raise InputError(f"crop_size {crop} must be a positive multiple of patch_size {patch}.")
        if min(self.pooling) < 1:
            raise InputError(f"pooling {tuple(self.pooling)} must be two numbers of at least 1.")
        if min(self.margins) < 0 or sum(self.margins) >= self.side:
            raise InputError(
                f"margins {tuple(self.margins)} must not be negative and must leave a window: a crop has "
                f"{self.side} patches per side."
            )
        check_max_crops(self.max_crops)

    @property
    def side(self) -> int:
        """Patches along the side of a crop, n."""
        return self.crop_size // self.patch_size

    @property
    def margin(self) -> int:
        """Pixels that both margins take of a crop, m."""
        return sum(self.margins) * self.patch_size

    @property
    def window(self) -> int:
        """Pixels from one crop to the next, w."""
        return self.crop_size - self.margin


RELEASED = Geometry()
"""How released models cut images."""


def choose_tiling(height: int, width: int, geometry: Geometry) -> tuple[int, int]:
    """Rows and columns of high-res crops for an image.

    The tiling that enlarges the image least; if every tiling shrinks it, the one that shrinks it least. Of
    equal tilings the one with fewer crops, then fewer rows.

    Args:
        height: Height of the image in pixels.
        width: Width of the image in pixels.
        geometry: How it is cut.

    Returns:
        Rows and columns.
    """
    most, crops = geometry.max_crops, np.arange(1, geometry.max_crops + 1)
    # May be zero or negative for images smaller than the margins: the released rule computes on regardless.
    size = np.array([height - geometry.margin, width - geometry.margin], dtype=np.float32)
    with np.errstate(divide="ignore"):
        by_rows, by_cols = (crops * geometry.window).astype(np.float32) / size[:, None]
    if size.min() < 0:  # more crops have smaller scales: nothing beats one
        return 1, 1
    # A tiling has the smaller scale of the two axes, and more crops along an axis never have a smaller one.
    # So the least tiling that reaches a scale is the least along each axis.
    rows, cols = _least(by_rows, 1), _least(by_cols, 1)
    if rows * cols > most:  # every tiling shrinks it
        best = np.minimum(by_rows, by_cols[most // crops - 1]).max()
        rows, cols = _least(by_rows, best), _least(by_cols, best)
    return rows, cols


def _least(scales: np.ndarray, wanted: float) -> int:
    """Fewest crops along an axis that reach a scale; one more than there are where none does."""
    return int(np.searchsorted(scales, wanted)) + 1


def canvas_map(tiling: tuple[int, int], side: int, margins: tuple[int, int]) -> np.ndarray:
    """Which patch of which crop owns each patch of the canvas.

    Inside a crop the first ``margins[0]`` patches belong to the crop before it and the last ``margins[1]`` to
    the one after it, except at the border of the canvas.

    Args:
        tiling: Rows and columns of high-res crops.
        side: Patches per crop side, n.
        margins: Overlap in patches before and after.

    Returns:
        int64 (canvas rows, canvas cols) of patch ids; the global crop has the ids below n².
    """
    (crop_y, patch_y), (crop_x, patch_x) = (_owners(count, side, margins) for count in tiling)
    crop = 1 + crop_y[:, None] * tiling[1] + crop_x
    owners: np.ndarray = crop * side**2 + patch_y[:, None] * side + patch_x
    return owners


def _owners(crops: int, side: int, margins: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Along one axis of the canvas: the crop that owns each patch, and the patch's index inside that crop."""
    window = side - sum(margins)
    position = np.arange(crops * window + sum(margins))
    owner = np.clip((position - margins[0]) // window, 0, crops - 1)
    return owner, position - owner * window


def pooling_windows(patch_ids: np.ndarray, pooling: tuple[int, int]) -> tuple[np.ndarray, tuple[int, int]]:
    """Cut a map of patch ids into windows; incomplete ones are filled with −1.

    Args:
        patch_ids: int64 (rows, columns).
        pooling: Rows and columns of a window.

    Returns:
        int64 (windows, pooling_h·pooling_w), row by row, and the rows and columns of windows.
    """
    padding = [(-extent % pool) for extent, pool in zip(patch_ids.shape, pooling, strict=True)]
    padded = np.pad(patch_ids, [(pad // 2, pad - pad // 2) for pad in padding], constant_values=-1)
    rows, cols = padded.shape[0] // pooling[0], padded.shape[1] // pooling[1]
    windows = padded.reshape(rows, pooling[0], cols, pooling[1]).swapaxes(1, 2)
    return windows.reshape(rows * cols, -1), (rows, cols)


class IndexMaps(NamedTuple):
    """Where the patches of an image's crops belong; the arrays are shared and read-only.

    Attributes:
        token_pooling: int64 (tokens, pooling_h·pooling_w): the patches behind each image token, global
            tokens first. Patch ids count ``crop·n² + patch``; −1 fills windows that stick out.
        grid: int64 (4,): token rows and columns of the global crop, then of the canvas.
        subpatch_mapping: int64 (canvas rows, canvas cols): the patch id that owns each canvas patch.
    """

    token_pooling: np.ndarray
    grid: np.ndarray
    subpatch_mapping: np.ndarray


@lru_cache(maxsize=256)
def index_maps(tiling: tuple[int, int], geometry: Geometry) -> IndexMaps:
    """Says where the patches of an image's crops belong.

    Args:
        tiling: Rows and columns of high-res crops.
        geometry: How the image is cut.

    Returns:
        The maps; copy them before writing to them.
    """
    side = geometry.side
    mapping = canvas_map(tiling, side, geometry.margins)
    overview_windows, overview_grid = pooling_windows(
        np.arange(side**2).reshape(side, side), geometry.pooling
    )
    canvas_windows, canvas_grid = pooling_windows(mapping, geometry.pooling)
    maps = IndexMaps(
        np.concatenate([overview_windows, canvas_windows]),
        np.array([*overview_grid, *canvas_grid]),
        mapping,
    )
    for array in maps:
        array.setflags(write=False)
    return maps
