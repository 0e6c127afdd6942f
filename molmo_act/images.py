"""Turns what people hand over as an image into uint8 RGB pixels; knows no model, no crops and no network.

One rule per kind of input, so that the same picture gives the same pixels whichever way it arrives:

- transparency is composited on white;
- EXIF orientation is applied, for files and for PIL images that carry it;
- 16-bit samples are divided by 257 (65535 / 255) and rounded;
- floats lie in [0, 1] and are multiplied by 255 and rounded;
- of an animation the first frame counts.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageOps

from molmo_act.errors import ImageError

if TYPE_CHECKING:
    import torch

ImageInput: TypeAlias = "str | os.PathLike[str] | Image.Image | np.ndarray | torch.Tensor"
"""What `to_rgb` takes."""

MAX_PIXELS = 100_000_000
"""Largest picture read unless a caller says otherwise: width × height in pixels."""

# Pillow can also hand files to outside programs (EPS to Ghostscript), and takes much for TGA that is none.
_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "BMP", "DIB", "GIF", "TIFF", "PPM", "JPEG2000", "ICO")
_EXPECTED_FILE = "expected a picture such as PNG, JPEG, WebP, AVIF, BMP, GIF, TIFF or PPM"
_EXPECTED_ARRAY = (
    "expected RGB (H, W, 3), grey (H, W) or (H, W, 1), or RGBA (H, W, 4), as uint8, uint16 or float in [0, 1]"
)
_URL = re.compile(r"^(?:data:|[A-Za-z][A-Za-z0-9+.\-]+://)")
# Resampling and arithmetic leave values a hair outside [0, 1]; a quarter of an 8-bit step is no mistake.
_FLOAT_SLACK = 1e-3


def to_rgb(image: ImageInput, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """The pixels of an image, whatever it came as.

    Args:
        image: One of:
            a path (URLs are refused, nothing is downloaded);
            a PIL image of any mode (``I`` is read as 16-bit, ``F`` as floats in [0, 1]);
            a numpy array (H, W, 3), (H, W), (H, W, 1) or (H, W, 4), RGB order, uint8, uint16 or float;
            a torch tensor (3, H, W) or (H, W, 3), or with 1 or 4 channels, of the same types; a tensor
            (3, H, 3) is read as channels first.
        max_pixels: Refuse pictures with more pixels (width × height) than this. Files are refused before
            they are decoded.

    Returns:
        uint8 (H, W, 3), RGB, upright, C-contiguous. May share memory with an array that was given.

    Raises:
        ImageError: It is missing, unreadable, truncated, empty, too large, holds NaN, infinite or out of
            range values, or is of a layout or type not listed above.

    Example:
        >>> to_rgb(np.array([[0, 65535]], dtype=np.uint16)).tolist()
        [[[0, 0, 0], [255, 255, 255]]]
    """
    if isinstance(image, (str, os.PathLike)):
        return load_image(image, max_pixels=max_pixels)
    if isinstance(image, Image.Image):
        return _from_pil(image, f"given as a PIL image of mode {image.mode}", max_pixels)
    if isinstance(image, np.ndarray):
        return _from_array(image, f"given as a numpy array {image.dtype} {image.shape}", max_pixels)
    torch = sys.modules.get("torch")  # a tensor cannot exist before torch was imported
    if torch is not None and isinstance(image, torch.Tensor):
        return _from_tensor(image, max_pixels)
    raise ImageError(
        f"Image given as an object of type {type(image).__name__}; expected a path, a PIL image, "
        "a numpy array or a torch tensor. Encoded bytes can be opened with PIL.Image.open(io.BytesIO(data))."
    )


def load_image(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Read a picture file.

    Args:
        path: Path of the file. URLs are refused.
        max_pixels: Refuse pictures with more pixels than this, before decoding them.

    Returns:
        uint8 (H, W, 3), RGB, turned upright by its EXIF orientation.

    Raises:
        ImageError: The file is missing, a folder, empty, not a picture, truncated or too large.
    """
    name = _checked_path(path)
    given = repr(str(name))
    try:
        image = _open(name)
    except Image.DecompressionBombError as exc:
        raise ImageError(_too_large(given, str(exc), max_pixels)) from exc
    except Exception as exc:  # decoders fail on damaged headers with nearly every type of exception
        raise ImageError(f"Image {given} cannot be read as a picture ({exc}); {_EXPECTED_FILE}.") from exc
    with image:
        return _from_pil(image, given, max_pixels)


def _checked_path(path: str | os.PathLike[str]) -> Path:
    text = os.fspath(path)
    if isinstance(text, bytes):
        raise ImageError("The image path was given as bytes; expected str or pathlib.Path. Decode it first.")
    if not text:
        raise ImageError("An empty string was given as an image path; expected the path of a picture file.")
    if _URL.match(text):
        raise ImageError(f"Image {text[:100]!r} is a URL; download it first and give the path of the file.")
    name = Path(text)
    try:
        info = name.stat()
    except FileNotFoundError as exc:
        raise ImageError(f"Image {text!r} does not exist; {_EXPECTED_FILE}. Check the path.") from exc
    except (OSError, ValueError) as exc:
        raise ImageError(f"Image {text[:200]!r} cannot be reached ({exc}). Check the path.") from exc
    if stat.S_ISDIR(info.st_mode):
        raise ImageError(f"Image {text!r} is a folder; {_EXPECTED_FILE}. Give one file at a time.")
    if not stat.S_ISREG(info.st_mode):
        raise ImageError(f"Image {text!r} is not a regular file; {_EXPECTED_FILE}. Save it to a file first.")
    if info.st_size == 0:
        raise ImageError(f"Image {text!r} is empty (0 bytes); {_EXPECTED_FILE}. Copy or download it again.")
    return name


def _open(name: Path) -> Image.Image:
    Image.init()
    with warnings.catch_warnings():
        # Our own limit, which is checked right after, replaces Pillow's warning.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(name, formats=[kind for kind in _FORMATS if kind in Image.OPEN])


def _too_large(given: str, size: str, max_pixels: int) -> str:
    return (
        f"Image {given} is too large ({size}); expected at most {max_pixels / 1e6:g} million pixels. "
        "Scale it down or cut out the part of interest."
    )


def _check_size(given: str, width: int, height: int, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise ImageError(f"Image {given} has no pixels ({width}×{height}); expected at least 1×1.")
    if width * height > max_pixels:
        raise ImageError(_too_large(given, f"{width}×{height} pixels", max_pixels))


def _from_pil(image: Image.Image, given: str, max_pixels: int) -> np.ndarray:
    _check_size(given, *image.size, max_pixels)
    try:
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode == "F" or image.mode.startswith("I"):
            array = np.asarray(image)
        elif image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
            straight = image.convert("LA") if image.mode == "La" else image
            array = np.asarray(straight.convert("RGBA"))
        else:
            array = np.asarray(image.convert("RGB"))
    except Exception as exc:  # decoders fail on damaged data with nearly every type of exception
        raise ImageError(f"Image {given} cannot be decoded, it may be truncated or damaged ({exc}).") from exc
    if image.mode == "I":
        array = _sixteen_bit(array, given)
    return _from_array(array, given, max_pixels)


def _sixteen_bit(array: np.ndarray, given: str) -> np.ndarray:
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > 65535:
        raise ImageError(
            f"Image {given} holds integers from {low} to {high}; mode I is read as 16-bit, 0 to 65535. "
            "Scale the values, or convert the picture to 8 bit first."
        )
    return array.astype(np.uint16)


def _from_tensor(tensor: torch.Tensor, max_pixels: int) -> np.ndarray:
    given = f"given as a torch tensor {str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
    if tensor.ndim == 3 and (tensor.shape[0] == 3 or (tensor.shape[0] in (1, 4) and tensor.shape[2] != 3)):
        tensor = tensor.permute(1, 2, 0)
    elif tensor.ndim not in (2, 3):
        raise ImageError(f"Image {given}; expected (3, H, W) or (H, W, 3). Give a batch as a list of images.")
    tensor = tensor.detach()
    if tensor.dtype.is_floating_point:
        tensor = tensor.float()  # numpy has no bfloat16
    return _from_array(tensor.cpu().numpy(), given, max_pixels)


def _from_array(array: np.ndarray, given: str, max_pixels: int) -> np.ndarray:
    if array.size == 0:
        raise ImageError(f"Image {given} has no pixels; {_EXPECTED_ARRAY}.")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        first = array.ndim == 3 and array.shape[0] in (1, 3, 4)
        hint = " Put the channels last: array.transpose(1, 2, 0)." if first else ""
        raise ImageError(f"Image {given}; {_EXPECTED_ARRAY}.{hint}")
    _check_size(given, array.shape[1], array.shape[0], max_pixels)
    array = _eight_bit(array, given)
    array = _on_white(array) if array.shape[2] == 4 else np.broadcast_to(array, (*array.shape[:2], 3))
    return np.ascontiguousarray(array)


def _eight_bit(array: np.ndarray, given: str) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if array.dtype.kind != "f":
        raise ImageError(f"Image {given}; {_EXPECTED_ARRAY}. Convert it with .astype(numpy.uint8).")
    if not np.isfinite(array).all():
        raise ImageError(f"Image {given} holds NaN or infinite pixels; expected numbers in [0, 1].")
    low, high = float(array.min()), float(array.max())
    if low < -_FLOAT_SLACK or high > 1 + _FLOAT_SLACK:
        raise ImageError(
            f"Image {given} has values from {low:g} to {high:g}; expected floats in [0, 1]. "
            "Divide by 255, or convert 0 to 255 values to uint8."
        )
    return np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)


def _on_white(rgba: np.ndarray) -> np.ndarray:
    alpha = rgba[:, :, 3:].astype(np.uint16)
    return ((rgba[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
