"""Turns images of any kind into uint8 RGB pixels.

The same image gives the same pixels whichever way it arrives:

- transparency is composited on white;
- files, whether given by path, URL, content or file object, are turned upright by their EXIF orientation;
- PIL images are taken as they are, so that their pixels, and points in them, are those of `Image.size`;
- 16-bit samples are divided by 257 (65535 / 255) and rounded, so that data of 12 bits, as of many cameras,
  are dark unless they are scaled up (``array << 4``) before;
- floats lie in [0, 1] and are multiplied by 255 and rounded;
- of an animation the first frame counts.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image

from molmo_act.errors import ImageError
from molmo_act.io.image_file import (
    EXPECTED,
    check_size,
    read_image_file,
    spread_transparency,
    undecodable,
    without_warnings,
)
from molmo_act.io.locations import FileSource, describe, is_file_source, locate

if TYPE_CHECKING:
    import torch

ImageInput: TypeAlias = "FileSource | Image.Image | np.ndarray | torch.Tensor"
"""An image as `to_rgb` takes it."""

MAX_PIXELS = 100_000_000
"""Largest image that is read unless a caller says otherwise: width × height in pixels."""

_EXPECTED_ARRAY = (
    "expected RGB (H, W, 3), grey (H, W) or (H, W, 1), or RGBA (H, W, 4), as uint8, uint16 or float in [0, 1]"
)
# Resampling and arithmetic leave values a hair outside [0, 1]; a quarter of an 8-bit step is no mistake.
_FLOAT_SLACK = 1e-3


def to_rgb(image: ImageInput, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Gives the pixels of an image of any kind.

    Args:
        image: One of:
            a path, a ``file://`` or ``data:`` URL (other URLs are refused, nothing is downloaded; see
            `molmo_act.io.download.fetch_image`);
            the content of an image file as bytes, or a binary file object such as `io.BytesIO`, which is read
            from its beginning;
            a PIL image of any mode (``I`` is read as 16-bit and refused where it seems to be of 8, ``F`` as
            floats in [0, 1]), not turned by EXIF;
            a numpy array (H, W, 3), (H, W), (H, W, 1) or (H, W, 4), RGB order, uint8, uint16 or float;
            a torch tensor (3, H, W) or (H, W, 3), or with 1 or 4 channels, of the same types; a tensor
            (3, H, 3) is read as channels first.
        max_pixels: Refuse images with more pixels (width × height) than this. Files are refused before
            they are decoded.

    Returns:
        uint8 (H, W, 3), RGB, C-contiguous; of a file upright, of everything else as it was given. May share
        memory with an array that was given.

    Raises:
        ImageError: It is missing, unreadable, truncated, empty, too large, holds NaN, infinite or out of
            range values, or is of a layout or type not listed above.

    Example:
        >>> to_rgb(np.array([[0, 65535]], dtype=np.uint16)).tolist()
        [[[0, 0, 0], [255, 255, 255]]]
    """
    if is_file_source(image):
        return load_image(image, max_pixels=max_pixels)
    if isinstance(image, Image.Image):
        return _from_pil(image, f"given as a PIL image of mode {image.mode}", max_pixels)
    if isinstance(image, np.ndarray):
        return _from_array(image, f"given as a numpy array {image.dtype} {image.shape}", max_pixels)
    torch = sys.modules.get("torch")  # a tensor cannot exist before torch was imported
    if torch is not None and isinstance(image, torch.Tensor):
        return _from_tensor(image, max_pixels)
    raise ImageError(
        f"Image given as an object of type {type(image).__name__}; expected a path, the bytes of an image "
        "file, a PIL image, a numpy array or a torch tensor."
    )


def load_image(source: FileSource, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Reads an image file.

    Args:
        source: Its path, a ``file://`` or ``data:`` URL, its content, or a binary file object.
        max_pixels: Refuse images with more pixels than this, before decoding them.

    Returns:
        uint8 (H, W, 3), RGB, turned upright by its EXIF orientation.

    Raises:
        ImageError: The file is missing, a folder, empty, not an image, truncated or too large.
    """
    given = describe(source)
    place = locate(source, kind="image", expected=EXPECTED)
    return _from_pil(read_image_file(place, given, max_pixels), given, max_pixels)


def _from_pil(image: Image.Image, given: str, max_pixels: int) -> np.ndarray:
    check_size(given, *image.size, max_pixels)
    try:
        array = without_warnings(lambda: _samples(image))
    except Exception as exc:  # decoders fail on damaged data with nearly every type of exception
        if "closed" in str(exc):
            raise ImageError(
                f"Image {given} is closed, or its file is; expected an open one. Call image.load() or use it "
                "before its file is closed."
            ) from exc
        raise ImageError(undecodable(given, exc)) from exc
    if image.mode == "I":
        array = _sixteen_bit(array, given, of_file=image.format is not None)
    return _from_array(array, given, max_pixels)


def _samples(image: Image.Image) -> np.ndarray:
    """The samples of an image: as they are where there are more than 8 bits of them, else RGB or RGBA."""
    spread_transparency(image)
    image.load()
    clear = image.info.get("transparency")
    if image.mode == "F":
        return np.asarray(image)
    if image.mode.startswith("I"):
        samples = np.asarray(image)
        return np.where(samples == clear, 65535, samples) if isinstance(clear, int) else samples
    if image.mode == "RGB" and isinstance(clear, tuple) and max(clear) > 255:
        image = image.copy()  # Pillow reads 8 of the 16 bits of such a PNG, but all of its transparent colour
        image.info["transparency"] = tuple(value >> 8 for value in clear)
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        straight = image.convert("LA") if image.mode == "La" else image
        return np.asarray(straight.convert("RGBA"))
    return np.asarray(image.convert("RGB"))


def _sixteen_bit(array: np.ndarray, given: str, *, of_file: bool) -> np.ndarray:
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > 65535:
        raise ImageError(
            f"Image {given} holds integers from {low} to {high}; mode I is read as 16-bit, 0 to 65535. "
            "Scale the values, or convert the image to 8 bit first."
        )
    if 0 < high <= 255 and not of_file:  # what Pillow makes of a 16-bit PNG may be as dark as that
        raise ImageError(
            f"Image {given} holds integers from {low} to {high}; mode I is read as 16-bit, where that is "
            "nearly black. Convert it with .convert('L') if they are of 8 bit, else give "
            "numpy.asarray(image).astype(numpy.uint16)."
        )
    return array.astype(np.uint16)


def _from_tensor(tensor: torch.Tensor, max_pixels: int) -> np.ndarray:
    dtype = str(tensor.dtype).removeprefix("torch.")
    try:
        given = f"given as a torch tensor {dtype} {tuple(tensor.shape)}"
        array = _dense(tensor)
    except Exception as exc:  # kinds of tensors without numbers fail with nearly every type of exception
        reason = str(exc).partition("\n")[0][:100]
        raise ImageError(
            f"Image given as a torch tensor {dtype} ({_kind(tensor)}) holds no plain numbers ({reason}); "
            "expected a dense tensor, as to_dense() or dequantize() gives it, on a real device."
        ) from exc
    if array.ndim == 3 and (array.shape[0] == 3 or (array.shape[0] in (1, 4) and array.shape[2] != 3)):
        array = array.transpose(1, 2, 0)
    elif array.ndim not in (2, 3):
        raise ImageError(f"Image {given}; expected (3, H, W) or (H, W, 3). Give a batch as a list of images.")
    return _from_array(array, given, max_pixels)


def _dense(tensor: torch.Tensor) -> np.ndarray:
    """The numbers of a tensor."""
    tensor = tensor.detach()
    if tensor.is_quantized:
        raise TypeError("quantized numbers have a scale of their own")
    if tensor.dtype.is_floating_point:
        tensor = tensor.float()  # numpy has no bfloat16
    array: np.ndarray = tensor.cpu().resolve_conj().resolve_neg().numpy()
    return array


def _kind(tensor: torch.Tensor) -> str:
    """What is special about a tensor."""
    return (
        "quantized"
        if tensor.is_quantized
        else f"{str(tensor.layout).removeprefix('torch.')}, {tensor.device}"
    )


def _from_array(array: np.ndarray, given: str, max_pixels: int) -> np.ndarray:
    if array.size == 0:
        raise ImageError(f"Image {given} has no pixels; {_EXPECTED_ARRAY}.")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        first = array.ndim == 3 and array.shape[0] in (1, 3, 4)
        hint = " Put the channels last: array.transpose(1, 2, 0)." if first else ""
        raise ImageError(f"Image {given}; {_EXPECTED_ARRAY}.{hint}")
    check_size(given, array.shape[1], array.shape[0], max_pixels)
    array = _eight_bit(array, given)
    array = _on_white(array) if array.shape[2] == 4 else np.broadcast_to(array, (*array.shape[:2], 3))
    return np.ascontiguousarray(array)


def _eight_bit(array: np.ndarray, given: str) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if array.dtype.kind != "f":
        raise ImageError(f"Image {given}; {_EXPECTED_ARRAY}.{_how_to_convert(array, given)}")
    if not np.isfinite(array).all():
        raise ImageError(f"Image {given} holds NaN or infinite pixels; expected numbers in [0, 1].")
    low, high = float(array.min()), float(array.max())
    if low < -_FLOAT_SLACK or high > 1 + _FLOAT_SLACK:
        raise ImageError(
            f"Image {given} has values from {low:g} to {high:g}; expected floats in [0, 1]. "
            "Divide by 255, or convert 0 to 255 values to uint8."
        )
    rounded: np.ndarray = np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)
    return rounded


def _how_to_convert(array: np.ndarray, given: str) -> str:
    """What makes 8 or 16 bit of other types; nothing for what holds no real numbers."""
    cast = ".to(torch.{})" if given.startswith("given as a torch tensor") else ".astype(numpy.{})"
    if array.dtype.kind not in "bui":
        return ""
    low, high = int(array.min()), int(array.max())
    if array.dtype.kind == "b" or (low >= 0 and high <= 1):
        return f" If 1 is white, convert it with {cast.format('uint8')} * 255."
    if low >= 0 and high <= 65535:
        kind, white = ("uint8", 255) if high <= 255 else ("uint16", 65535)
        return f" If {white} is white, convert it with {cast.format(kind)}."
    return f" It has values from {low} to {high}: scale them to 0 to 255, and convert it then."


def _on_white(rgba: np.ndarray) -> np.ndarray:
    alpha = rgba[:, :, 3:].astype(np.uint16)
    return ((rgba[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
