"""Cuts one image into crops as Molmo 1 does: its shape is kept, and what is left of a crop is padding.

MolmoPoint and Molmo 2 squeeze an image into its canvas instead; the canvas is cut alike, by
`molmo_act.formats.crop_geometry`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.errors import ImageError
from molmo_act.formats.crop_geometry import Geometry, choose_tiling, index_maps
from molmo_act.models.molmo_point.tiling import ProcessedImage, patchify, rgb_tensor


@dataclass(frozen=True, eq=False)
class PaddedImage(ProcessedImage):
    """One image as Molmo 1 needs it: `patches` are normalised float32, not uint8.

    Attributes:
        masks: float32 (crops, n²) on the device of the patches: the part of each patch that is no padding.
            Row r is of crop r + 1, and the last row is -1: released models were trained with masks of the
            next crop.
    """

    masks: Tensor


def pad_image(
    image: Tensor | np.ndarray,
    geometry: Geometry,
    mean: Sequence[float],
    std: Sequence[float],
    *,
    device: torch.device | str | None = None,
) -> PaddedImage:
    """Turns one image into crops, masks and index maps.

    Args:
        image: uint8 RGB (H, W, 3), array or tensor.
        geometry: How it is cut; margins and crops are whole numbers of pooling windows.
        mean: Mean per channel (red, green, blue), of values in [0, 1].
        std: Standard deviation per channel.
        device: Where to resize; by default where the image lies.

    Returns:
        The image, cut; the overview is its first crop.

    Raises:
        ImageError: The image is empty or not uint8 (H, W, 3), or so thin that nothing is left of it.
    """
    pixels = rgb_tensor(image).to(device)
    height, width = pixels.shape[1:]
    tiling = choose_tiling(height, width, geometry)
    crop, window, patch = geometry.crop_size, geometry.window, geometry.patch_size
    values = pixels.float() / 255
    overview, _ = _fit(values, crop, crop, mean, std)
    canvas, real = _fit(
        values, tiling[0] * window + geometry.margin, tiling[1] * window + geometry.margin, mean, std
    )
    patches = torch.cat([patchify(crops, crop, window, patch) for crops in (overview, canvas)])
    # A patch of a mask lists the pixels of one channel three times, as there is no other.
    masks = patchify(real.expand(3, -1, -1), crop, window, patch).mean(-1)
    masks = torch.cat((masks, masks.new_full((1, masks.shape[1]), -1)))
    pooling, grid, mapping = (torch.from_numpy(array.copy()) for array in index_maps(tiling, geometry))
    return PaddedImage(patches, pooling, grid, mapping, (width, height), masks)


def fitted_size(height: int, width: int, to_height: int, to_width: int) -> tuple[int, int]:
    """Size of an image inside a rectangle that it touches on two sides.

    In float32 and cut off, as released preprocessing computes it: 640 × 480 becomes 336 × 251.

    Args:
        height: Height of the image in pixels.
        width: Width of the image in pixels.
        to_height: Height of the rectangle.
        to_width: Width of the rectangle.

    Returns:
        Height and width.
    """
    scale = min(np.float32(to_width) / np.float32(width), np.float32(to_height) / np.float32(height))
    return int(np.float32(height) * scale), int(np.float32(width) * scale)


def _fit(
    values: Tensor, height: int, width: int, mean: Sequence[float], std: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """The image in the middle of black, normalised (3, h, w), and 1 where it is (1, h, w)."""
    rows, columns = fitted_size(values.shape[1], values.shape[2], height, width)
    if not rows or not columns:
        raise ImageError(
            f"The image has {values.shape[2]}×{values.shape[1]} pixels; resized to {width}×{height}, nothing "
            "would be left of its shorter side. Cut it into parts."
        )
    if (rows, columns) != tuple(values.shape[1:]):
        resized = F.interpolate(
            values[None], size=(rows, columns), mode="bilinear", align_corners=False, antialias=True
        )
        values = resized[0].clip(0, 1)
    top, left = (height - rows) // 2, (width - columns) // 2
    padding = (left, width - columns - left, top, height - rows - top)
    real = F.pad(values.new_ones(1, rows, columns), padding)
    fitted = F.pad(values, padding)
    shift, scale = (fitted.new_tensor(list(each))[:, None, None] for each in (mean, std))
    return (fitted - shift) / scale, real
