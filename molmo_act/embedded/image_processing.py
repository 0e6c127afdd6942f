"""Images → what the vision tower and the prompt need, as `molmo_act.models.molmo_point.tiling` gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from molmo_act.embedded.resize import resize
from molmo_act.formats.crop_geometry import Geometry, IndexMaps, choose_tiling, index_maps


@dataclass(frozen=True, eq=False)
class CutImage:
    """One image, cut.

    Attributes:
        patches: uint8 (crops, n², p²·3), see `molmo_act.models.molmo_point.tiling.ProcessedImage`.
        maps: Where the patches belong.
        image_size: (width, height) of the image in pixels.
    """

    patches: np.ndarray
    maps: IndexMaps
    image_size: tuple[int, int]

    def metadata(self) -> dict[str, Any]:
        """What reading points out of an answer needs, see `prompt_media.pointing_metadata`."""
        return {
            "token_pooling": self.maps.token_pooling,
            "subpatch_mapping": [self.maps.subpatch_mapping],
            "image_sizes": [self.image_size],
        }


def cut_image(image: np.ndarray, geometry: Geometry) -> CutImage:
    """Turns an image into crops, patches and index maps.

    Args:
        image: uint8 RGB (H, W, 3).
        geometry: How it is cut.

    Returns:
        The image, cut.
    """
    height, width = image.shape[:2]
    tiling = choose_tiling(height, width, geometry)
    crop, window, margin = geometry.crop_size, geometry.window, geometry.margin
    canvas = resize(image, tiling[0] * window + margin, tiling[1] * window + margin)
    overview = resize(image, crop, crop)
    patches = np.concatenate([patchify(crops, geometry) for crops in (overview, canvas)])
    return CutImage(patches, index_maps(tiling, geometry), (width, height))


def patchify(canvas: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Cuts a canvas into crops and each crop into flat patches.

    Args:
        canvas: uint8 (H, W, 3).
        geometry: Sizes of crops, windows and patches.

    Returns:
        uint8 (crops, n², p²·3): crops and patches row by row, pixels of a patch row by row, channels last.
    """
    crop, n, p = geometry.crop_size, geometry.side, geometry.patch_size
    views = np.lib.stride_tricks.sliding_window_view(canvas, (crop, crop), axis=(0, 1))
    crops = views[:: geometry.window, :: geometry.window]  # (rows, columns, 3, c, c)
    parts = crops.reshape(*crops.shape[:2], 3, n, p, n, p)
    return parts.transpose(0, 1, 3, 5, 4, 6, 2).reshape(-1, n * n, p * p * 3)


def normalize(patches: np.ndarray, mean: Sequence[float], std: Sequence[float]) -> np.ndarray:
    """Brings pixels to the range of the vision tower: ``(x / 255 − mean) / std``, in exactly these steps.

    Args:
        patches: uint8 (…, p²·3), channels last.
        mean: Mean per channel (red, green, blue), of values in [0, 1].
        std: Standard deviation per channel.

    Returns:
        float32 (…, p²·3).
    """
    levels = np.arange(256, dtype=np.float32) / np.float32(255)
    tables = [(levels - np.float32(m)) / np.float32(s) for m, s in zip(mean, std, strict=True)]
    if len(set(mean)) == len(set(std)) == 1:  # the released case
        same: np.ndarray = tables[0][patches]
        return same
    values = np.empty(patches.shape, np.float32)
    for channel, table in enumerate(tables):
        values[..., channel::3] = table[patches[..., channel::3]]
    return values
