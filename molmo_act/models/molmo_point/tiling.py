"""Cuts one RGB image into overlapping crops of patches, by the geometry of `molmo_act.formats.crop_geometry`.

Pure functions on uint8 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.errors import ImageError
from molmo_act.formats.crop_geometry import RELEASED, Geometry, choose_tiling, index_maps


@dataclass(frozen=True, eq=False)
class ProcessedImage:
    """One image as the vision tower and the prompt need it.

    Attributes:
        patches: uint8 (crops, n², p²·3) on the device that resized it; all else is on the CPU. Crop 0 is the
            global one, high-res crops follow row by row; a patch lists its pixels row by row, red, green and
            blue of each.
        token_pooling: int64 (tokens, pooling_h·pooling_w): the patches behind each image token, global
            tokens first. Patch ids count ``crop·n² + patch``; −1 fills windows that stick out.
        grid: int64 (4,): token rows and columns of the global crop, then of the canvas.
        subpatch_mapping: int64 (canvas rows, canvas cols): the patch id that owns each canvas patch.
        image_size: (width, height) of the image in pixels.
    """

    patches: Tensor
    token_pooling: Tensor
    grid: Tensor
    subpatch_mapping: Tensor
    image_size: tuple[int, int]

    @property
    def num_crops(self) -> int:
        """Number of crops, the global one included."""
        return self.patches.shape[0]


def preprocess_image(
    image: Tensor | np.ndarray,
    geometry: Geometry = RELEASED,
    *,
    device: torch.device | str | None = None,
) -> ProcessedImage:
    """Turn one image into crops, patches and index maps.

    Args:
        image: uint8 RGB (H, W, 3), array or tensor.
        geometry: How it is cut.
        device: Where to resize; by default where the image lies. Other devices than the CPU may round
            single values the other way.

    Returns:
        The image, cut.

    Raises:
        ImageError: The image is empty or not uint8 (H, W, 3).
    """
    pixels = rgb_tensor(image).to(device)
    height, width = pixels.shape[1:]
    tiling = choose_tiling(height, width, geometry)
    crop, window, margin = geometry.crop_size, geometry.window, geometry.margin

    pixels = pixels.float()  # once for both resizes
    canvas = resize(pixels, tiling[0] * window + margin, tiling[1] * window + margin)
    overview = resize(pixels, crop, crop)
    patches = torch.cat([patchify(crops, crop, window, geometry.patch_size) for crops in (overview, canvas)])
    token_pooling, grid, mapping = (torch.from_numpy(array.copy()) for array in index_maps(tiling, geometry))
    return ProcessedImage(patches, token_pooling, grid, mapping, (width, height))


def rgb_tensor(image: Tensor | np.ndarray) -> Tensor:
    """Puts the channels of an image first, sharing memory where it can.

    Args:
        image: uint8 RGB (H, W, 3), array or tensor.

    Returns:
        uint8 (3, H, W).

    Raises:
        ImageError: Not uint8, not (H, W, 3), or without pixels.
    """
    shape = tuple(image.shape)
    if image.dtype not in (np.uint8, torch.uint8) or len(shape) != 3 or shape[-1] != 3 or 0 in shape:
        raise ImageError(
            f"Pixels are {image.dtype} of shape {shape}; expected uint8 RGB (height, width, 3) with at least "
            "one pixel. molmo_act.io.image.to_rgb makes that of most images."
        )
    if not isinstance(image, Tensor):
        # torch refuses negative strides and warns of read-only memory
        image = torch.from_numpy(np.require(image, requirements=["C", "W"]))
    return image.permute(2, 0, 1)


def resize(pixels: Tensor, height: int, width: int) -> Tensor:
    """Resizes pixels, ignoring the aspect ratio.

    Bilinear without antialiasing, each value rounded half to even: checkpoints were trained on exactly these
    integers.

    Args:
        pixels: (3, H, W) or (N, 3, H, W), values 0 to 255.
        height: Wanted, in pixels.
        width: Wanted, in pixels.

    Returns:
        uint8 (3, height, width) or (N, 3, height, width).
    """
    batch = pixels.float() if pixels.ndim == 4 else pixels.float()[None]
    # With three channels torch picks its kernel, and so the last bit, by the number of threads. With four,
    # channels last, it always takes the one that released preprocessing ran on.
    channels = batch.shape[1]
    batch = F.pad(batch, (0, 0, 0, 0, 0, 4 - channels)).contiguous(memory_format=torch.channels_last)
    out = F.interpolate(batch, size=(height, width), mode="bilinear", align_corners=False, antialias=False)
    out = out[:, :channels].round_().to(torch.uint8)
    return out if pixels.ndim == 4 else out[0]


def patchify(canvas: Tensor, crop_size: int, window: int, patch_size: int) -> Tensor:
    """Cut a canvas into crops and each crop into flat patches.

    Args:
        canvas: (3, H, W).
        crop_size: Side of a crop in pixels.
        window: Pixels from one crop to the next.
        patch_size: Side of a patch in pixels.

    Returns:
        (crops, n², p²·3): crops and patches row by row, pixels of a patch row by row, channels last.
    """
    n, p = crop_size // patch_size, patch_size
    crops = canvas.unfold(1, crop_size, window).unfold(2, crop_size, window)  # (3, rows, cols, c, c), a view
    crops = torch.unflatten(torch.unflatten(crops, 4, (n, p)), 3, (n, p))
    return crops.permute(1, 2, 3, 5, 4, 6, 0).reshape(-1, n * n, p * p * 3)


def normalize(
    patches: Tensor,
    mean: Sequence[float] = (0.5, 0.5, 0.5),
    std: Sequence[float] = (0.5, 0.5, 0.5),
) -> Tensor:
    """Brings pixels to the range of the vision tower: ``(x / 255 − mean) / std``, in exactly these steps.

    Args:
        patches: uint8 (…, p²·3), channels last.
        mean: Mean per channel (red, green, blue), of values in [0, 1].
        std: Standard deviation per channel.

    Returns:
        float32 (…, p²·3).
    """
    values = patches.to(torch.float32, copy=True).div_(255)
    if len(set(mean)) == len(set(std)) == 1:  # the released case, twice as fast
        return values.sub_(mean[0]).div_(std[0])
    channels = torch.unflatten(values, -1, (-1, 3))
    channels.sub_(channels.new_tensor(mean)).div_(channels.new_tensor(std))
    return values
