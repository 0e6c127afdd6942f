"""Cuts one RGB picture into overlapping crops of patches and maps every patch to its place on the picture.

Pure functions on uint8 pixels; knows nothing of text, tokenizers, files or the network.

A picture becomes one *global* crop (the whole picture squeezed into ``crop_size`` pixels) and a grid of
*high-res* crops cut from a larger *canvas* (the whole picture resized to ``rows × cols`` windows plus a
margin). Neighbouring crops overlap by the margins, so each canvas patch is owned by exactly one of them;
``subpatch_mapping`` says by which. ``pooling`` windows of patches become one image token each.

Sizes along one axis, in pixels: crop ``c``, patch ``p``, margin ``m = (left + right)·p``, window
``w = c − m``; ``n = c / p`` patches per crop side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.errors import ImageError, InputError

_TOO_SMALL = np.float32(1e10)
"""Stands for the scale of a tiling that would shrink the picture while another would not."""


@dataclass(frozen=True, eq=False)
class ProcessedImage:
    """One picture as the vision tower and the prompt need it.

    Attributes:
        patches: uint8 (crops, n², p²·3) on the device that resized it; all else is on the CPU. Crop 0 is the
            global one, high-res crops follow row by row; a patch lists its pixels row by row, red, green and
            blue of each.
        token_pooling: int64 (tokens, pooling_h·pooling_w): the patches behind each image token, global
            tokens first. Patch ids count ``crop·n² + patch``; −1 fills windows that stick out.
        grid: int64 (4,): token rows and columns of the global crop, then of the canvas.
        subpatch_mapping: int64 (canvas rows, canvas cols): the patch id that owns each canvas patch.
        image_size: (width, height) of the picture in pixels.
    """

    patches: Tensor
    token_pooling: Tensor
    grid: Tensor
    subpatch_mapping: Tensor
    image_size: tuple[int, int]

    @property
    def num_crops(self) -> int:
        return self.patches.shape[0]


def preprocess_image(
    image: Tensor | np.ndarray,
    *,
    crop_size: int = 378,
    patch_size: int = 14,
    pooling: tuple[int, int] = (2, 2),
    margins: tuple[int, int] = (4, 4),
    max_crops: int = 8,
    device: torch.device | str | None = None,
) -> ProcessedImage:
    """Turn one picture into crops, patches and index maps.

    Args:
        image: uint8 RGB (H, W, 3), array or tensor.
        crop_size: Side of a crop in pixels, a multiple of ``patch_size``.
        patch_size: Side of a patch in pixels.
        pooling: Rows and columns of patches behind one image token.
        margins: Patches by which a crop overlaps its neighbours before and after it.
        max_crops: Most high-res crops; the global crop comes on top.
        device: Where to resize; by default where the picture lies. Other devices than the CPU may round
            single values the other way.

    Raises:
        ImageError: The picture is empty or not uint8 (H, W, 3).
        InputError: The sizes contradict one another.
    """
    pixels = rgb_tensor(image).to(device)
    height, width = pixels.shape[1:]
    check_geometry(crop_size, patch_size, pooling, margins)
    tiling = choose_tiling(
        height, width, crop_size=crop_size, patch_size=patch_size, margins=margins, max_crops=max_crops
    )
    margin = sum(margins) * patch_size
    window = crop_size - margin

    pixels = pixels.float()  # once for both resizes
    canvas = resize(pixels, tiling[0] * window + margin, tiling[1] * window + margin)
    overview = resize(pixels, crop_size, crop_size)
    patches = torch.cat([patchify(crops, crop_size, window, patch_size) for crops in (overview, canvas)])
    token_pooling, grid, mapping = _index_maps(tiling, crop_size // patch_size, margins, pooling)
    return ProcessedImage(patches, token_pooling.clone(), grid.clone(), mapping.clone(), (width, height))


def rgb_tensor(image: Tensor | np.ndarray) -> Tensor:
    """uint8 RGB (H, W, 3) → uint8 tensor (3, H, W), sharing memory where it can.

    Raises:
        ImageError: Not uint8, not (H, W, 3), or without pixels.
    """
    shape = tuple(image.shape)
    if image.dtype not in (np.uint8, torch.uint8) or len(shape) != 3 or shape[-1] != 3 or 0 in shape:
        raise ImageError(
            f"Pixels are {image.dtype} of shape {shape}; expected uint8 RGB (height, width, 3) with at least "
            "one pixel. molmo_act.images.to_rgb makes that of most pictures."
        )
    if not isinstance(image, Tensor):
        # torch refuses negative strides and warns of read-only memory
        image = torch.from_numpy(np.require(image, requirements=["C", "W"]))
    return image.permute(2, 0, 1)


def check_geometry(
    crop_size: int, patch_size: int, pooling: Sequence[int], margins: Sequence[int] = (0, 0)
) -> None:
    """Refuse sizes that cannot go together.

    Raises:
        InputError: Naming the size and what it should be.
    """
    if patch_size < 1 or crop_size < patch_size or crop_size % patch_size:
        raise InputError(f"crop_size {crop_size} must be a positive multiple of patch_size {patch_size}.")
    if min(pooling) < 1:
        raise InputError(f"pooling {tuple(pooling)} must be two numbers of at least 1.")
    if min(margins) < 0 or sum(margins) >= crop_size // patch_size:
        raise InputError(
            f"margins {tuple(margins)} must not be negative and must leave a window: a crop has "
            f"{crop_size // patch_size} patches per side."
        )


def choose_tiling(
    height: int,
    width: int,
    *,
    crop_size: int,
    patch_size: int,
    margins: tuple[int, int],
    max_crops: int,
) -> tuple[int, int]:
    """Rows and columns of high-res crops for a picture.

    The tiling that enlarges the picture least; if every tiling shrinks it, the one that shrinks it least. Of
    equal tilings the one with fewer crops, then fewer rows.
    """
    margin = sum(margins) * patch_size
    window = crop_size - margin
    tilings = _tilings(max_crops)
    # May be zero or negative for pictures smaller than the margins: the released rule computes on regardless.
    size = np.array([height - margin, width - margin], dtype=np.float32)
    with np.errstate(divide="ignore"):
        scales = ((tilings * window).astype(np.float32) / size).min(axis=1)
    best = scales.argmax() if (scales < 1).all() else np.where(scales < 1, _TOO_SMALL, scales).argmin()
    rows, cols = tilings[best]
    return int(rows), int(cols)


@lru_cache(maxsize=64)
def _tilings(max_crops: int) -> np.ndarray:
    """All (rows, cols) of at most ``max_crops`` crops, int64 (N, 2), fewest crops first, then fewest rows."""
    if max_crops < 1:
        raise InputError(f"max_crops is {max_crops}; expected at least 1.")
    pairs = [(i, j) for i in range(1, max_crops + 1) for j in range(1, max_crops // i + 1)]
    return np.array(sorted(pairs, key=lambda pair: (pair[0] * pair[1], pair[0])))


def resize(pixels: Tensor, height: int, width: int) -> Tensor:
    """Resize (3, H, W) or (N, 3, H, W) pixels to uint8 of the given size, ignoring the aspect ratio.

    Bilinear without antialiasing, each value rounded half to even: checkpoints were trained on exactly these
    integers.
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
    """Cut a canvas (3, H, W) into crops ``window`` pixels apart and each crop into flat patches.

    Returns:
        (crops, n², p²·3): crops and patches row by row, pixels of a patch row by row, channels last.
    """
    n, p = crop_size // patch_size, patch_size
    crops = canvas.unfold(1, crop_size, window).unfold(2, crop_size, window)  # (3, rows, cols, c, c), a view
    crops = crops.unflatten(4, (n, p)).unflatten(3, (n, p))
    return crops.permute(1, 2, 3, 5, 4, 6, 0).reshape(-1, n * n, p * p * 3)


def normalize(
    patches: Tensor,
    mean: Sequence[float] = (0.5, 0.5, 0.5),
    std: Sequence[float] = (0.5, 0.5, 0.5),
) -> Tensor:
    """uint8 patches (…, p²·3) → float32 ``(x / 255 − mean) / std`` per channel, in exactly these steps."""
    values = patches.to(torch.float32, copy=True).div_(255)
    if len(set(mean)) == len(set(std)) == 1:  # the released case, twice as fast
        return values.sub_(mean[0]).div_(std[0])
    channels = values.unflatten(-1, (-1, 3))
    channels.sub_(channels.new_tensor(mean)).div_(channels.new_tensor(std))
    return values


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
    return crop * side**2 + patch_y[:, None] * side + patch_x


def _owners(crops: int, side: int, margins: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Along one axis of the canvas: the crop that owns each patch, and the patch's index inside that crop."""
    window = side - sum(margins)
    position = np.arange(crops * window + sum(margins))
    owner = np.clip((position - margins[0]) // window, 0, crops - 1)
    return owner, position - owner * window


def pooling_windows(patch_ids: np.ndarray, pooling: tuple[int, int]) -> tuple[np.ndarray, tuple[int, int]]:
    """Cut a map of patch ids (rows, cols) into windows; incomplete ones are filled with −1.

    Returns:
        int64 (windows, pooling_h·pooling_w), row by row, and the rows and columns of windows.
    """
    padding = [(-extent % pool) for extent, pool in zip(patch_ids.shape, pooling, strict=True)]
    padded = np.pad(patch_ids, [(pad // 2, pad - pad // 2) for pad in padding], constant_values=-1)
    rows, cols = padded.shape[0] // pooling[0], padded.shape[1] // pooling[1]
    windows = padded.reshape(rows, pooling[0], cols, pooling[1]).swapaxes(1, 2)
    return windows.reshape(rows * cols, -1), (rows, cols)


@lru_cache(maxsize=256)
def _index_maps(
    tiling: tuple[int, int], side: int, margins: tuple[int, int], pooling: tuple[int, int]
) -> tuple[Tensor, Tensor, Tensor]:
    """token_pooling, grid and subpatch_mapping of a picture; the cached tensors must be cloned before use."""
    mapping = canvas_map(tiling, side, margins)
    overview_windows, overview_grid = pooling_windows(np.arange(side**2).reshape(side, side), pooling)
    canvas_windows, canvas_grid = pooling_windows(mapping, pooling)
    token_pooling = torch.from_numpy(np.concatenate([overview_windows, canvas_windows]))
    return token_pooling, torch.tensor([*overview_grid, *canvas_grid]), torch.from_numpy(mapping)
