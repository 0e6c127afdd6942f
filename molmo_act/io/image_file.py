"""Reads image files with Pillow: upright, and also those of which only the metadata are broken."""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PIL import ExifTags, Image

from molmo_act.errors import ImageError
from molmo_act.io.jpeg_scans import with_end_marker

# Pillow can also hand files to outside programs (EPS to Ghostscript), and takes much for TGA that is none.
_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "BMP", "DIB", "GIF", "TIFF", "PPM", "JPEG2000", "ICO")
_NO_PIXELS = ("EPS", "WMF", "PDF", "MPEG", "BUFR", "GRIB", "HDF5", "FITS")
"""What Pillow knows and is no picture of pixels: drawings, documents, videos and measurements."""
EXPECTED = "expected an image such as PNG, JPEG, WebP, AVIF, BMP, GIF, TIFF or PPM"

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns an image upright, by its EXIF orientation."""

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_METADATA = (b"eXIf", b"iTXt", b"tEXt", b"zTXt", b"iCCP", b"tIME", b"pHYs")
"""Parts of a PNG that say nothing of its pixels."""
_GREY_STEPS = {"L;2": (0b11, 85), "L;4": (0b1111, 17), "L": (0b1111_1111, 1)}
"""The bits of a grey sample of PNG, and what spreads it to 8, by the layout that Pillow reads."""

_quiet = threading.Lock()  # filters of warnings belong to the whole process
T = TypeVar("T")


def read_image_file(source: Path | bytes, given: str, max_pixels: int) -> Image.Image:
    """Reads an image file; of an animation the first frame.

    Args:
        source: Its path, or its content.
        given: How errors name it.
        max_pixels: Refuse images with more pixels (width × height) than this, before decoding them.

    Returns:
        The decoded image, turned upright by its EXIF orientation. An EXIF block that cannot be read turns
        nothing.

    Raises:
        ImageError: It is not an image, or is truncated, damaged or too large.
    """
    return without_warnings(lambda: _read(source, given, max_pixels))


def open_image_file(source: Path | bytes) -> Image.Image:
    """Opens an image file without decoding it.

    Args:
        source: Its path, or its content.

    Returns:
        The image as Pillow opens it, to be closed by the caller.

    Raises:
        Exception: Of nearly any type: it is not an image, or its header is damaged.
    """
    image = Image.open(source if isinstance(source, Path) else io.BytesIO(source), formats=_allowed_formats())
    spread_transparency(image)
    return image


def spread_transparency(image: Image.Image) -> None:
    """Gives the transparent grey of a PNG of 2 or 4 bits as one of 8, as Pillow gives the samples but not it.

    Args:
        image: Any; one that is decoded stays as it is, since it does not tell any more how it was stored.
    """
    clear, tiles = image.info.get("transparency"), getattr(image, "tile", None)
    if image.format == "PNG" and isinstance(clear, int) and tiles and tiles[0][3] in _GREY_STEPS:
        mask, step = _GREY_STEPS[tiles[0][3]]
        image.info["transparency"] = (clear & mask) * step  # the same again when asked twice


def looks_like_image(prefix: bytes) -> bool:
    """Tells by its first bytes whether a file may be an image.

    Args:
        prefix: The first 16 bytes or more.

    Returns:
        True where one of the formats that are read here begins like that, and for HEIC.
    """
    begin = prefix[:16].ljust(16, b"\0")
    tests = [Image.OPEN[kind][1] for kind in _allowed_formats()]
    return _is_heic(begin) or any(accepts is not None and accepts(begin) for accepts in tests)


def image_suffixes() -> frozenset[str]:
    """Lists the endings of names of image files.

    Returns:
        Endings in lower case with their dots, of all formats that are read here, and of HEIC.
    """
    allowed = set(_allowed_formats())
    known = {suffix for suffix, kind in Image.registered_extensions().items() if kind in allowed}
    return frozenset(known | {".heic", ".heif"})


def unread_image_suffixes() -> frozenset[str]:
    """Lists the endings of names of files that hold pixels in a format that is not read here.

    Returns:
        Endings in lower case with their dots, such as those of TGA and PCX.
    """
    Image.init()
    left_out = {*_allowed_formats(), *_NO_PIXELS}
    known = {
        suffix
        for suffix, kind in Image.registered_extensions().items()
        if kind in Image.OPEN and kind not in left_out
    }
    return frozenset(known - image_suffixes())


def without_warnings(work: Callable[[], T]) -> T:
    """Does work again without warnings where a warning made it fail, as under ``python -W error``.

    Pillow warns about damage that costs no pixel. Filters of warnings belong to all threads, so they are left
    alone wherever warnings are no errors.

    Args:
        work: What to do; it must be possible to do it twice.

    Returns:
        What the work returned.
    """
    try:
        return work()
    except Warning:
        with _quiet, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return work()


def _allowed_formats() -> list[str]:
    """The formats above, and those that the user's own plugins added to Pillow, such as HEIF and JPEG XL."""
    Image.init()
    plugins = [
        kind for kind, (opener, _) in list(Image.OPEN.items()) if not opener.__module__.startswith("PIL.")
    ]
    return [kind for kind in _FORMATS if kind in Image.OPEN and kind not in plugins] + plugins


def _read(source: Path | bytes, given: str, max_pixels: int) -> Image.Image:
    try:
        image = open_image_file(source)
    except Warning:
        raise
    except Image.DecompressionBombError as exc:
        raise ImageError(too_large(given, str(exc), max_pixels)) from exc
    except Exception as exc:  # decoders fail on damaged headers with nearly every type of exception
        repaired = _mended(source, "PNG") if _begins(source, _PNG_SIGNATURE) else None
        if repaired is not None:
            return _read(repaired, given, max_pixels)
        raise ImageError(_unreadable(source, given, exc)) from exc
    with image:
        check_size(given, *image.size, max_pixels)
        try:
            image.load()
        except Warning:
            raise
        except Exception as exc:  # as above
            mended = _mended(source, image.format)
            if mended is None:
                raise ImageError(undecodable(given, exc)) from exc
            return _read(mended, given, max_pixels)
        return _upright(image)


def _unreadable(source: Path | bytes, given: str, exc: Exception) -> str:
    if _is_heic(_bytes_of(source, 16)):
        return (
            f"Image {given} is in the format HEIC, which Pillow cannot read alone. Install pillow-heif and "
            "call pillow_heif.register_heif_opener() first, or convert it to JPEG."
        )
    reason = str(exc) if isinstance(source, Path) else "no known format"
    return f"Image {given} cannot be read as an image ({reason}); {EXPECTED}."


def undecodable(given: str, exc: Exception) -> str:
    """Words the error about pixels that cannot be decoded.

    Args:
        given: How the image is named.
        exc: What the decoder raised.

    Returns:
        The message.
    """
    return f"Image {given} cannot be decoded, it may be truncated or damaged ({exc})."


def too_large(given: str, size: str, max_pixels: int) -> str:
    """Words the error about too large an image.

    Args:
        given: How the image is named.
        size: How large it is, a phrase.
        max_pixels: The largest that is read.

    Returns:
        The message.
    """
    return (
        f"Image {given} is too large ({size}); expected at most {max_pixels / 1e6:g} million pixels. "
        "Scale it down or cut out the part of interest."
    )


def check_size(given: str, width: int, height: int, max_pixels: int) -> None:
    """Refuses images of a size that cannot be used.

    Args:
        given: How the image is named.
        width: Pixels.
        height: Pixels.
        max_pixels: The largest that is read.

    Raises:
        ImageError: It has no pixels, or too many.
    """
    if width < 1 or height < 1:
        raise ImageError(f"Image {given} has no pixels ({width}×{height}); expected at least 1×1.")
    if width * height > max_pixels:
        raise ImageError(too_large(given, f"{width}×{height} pixels", max_pixels))


def _upright(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Warning:
        raise
    except Exception:  # the parser fails on a damaged block with nearly every type of exception
        orientation = None
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _is_heic(prefix: bytes) -> bool:
    return prefix[4:8] == b"ftyp" and prefix[8:12] in _HEIC_BRANDS


def _begins(source: Path | bytes, mark: bytes) -> bool:
    """Looks at the beginning only: what is no image may be a video of gigabytes."""
    return _bytes_of(source, len(mark)) == mark


def _bytes_of(source: Path | bytes, count: int = -1) -> bytes:
    if isinstance(source, bytes):
        return source if count < 0 else source[:count]
    with source.open("rb") as file:
        return file.read(count)


def _mended(source: Path | bytes, format: str | None) -> bytes | None:
    """The file without the fault that kept its pixels from being read; None where that was not all."""
    content = _bytes_of(source)
    if format == "PNG":
        return _without_metadata(content)
    if format in ("JPEG", "MPO"):
        return with_end_marker(content)
    return None


def _without_metadata(content: bytes) -> bytes | None:
    """A PNG without texts and profiles; None if there are none. EXIF stays where its checksum is right."""
    kept, at = [_PNG_SIGNATURE], len(_PNG_SIGNATURE)
    while at + 12 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        chunk, at = content[at : at + 12 + length], at + 12 + length
        damaged = zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big")
        if kind not in _PNG_METADATA or (kind == b"eXIf" and not damaged):
            kept.append(chunk)
    cleaned = b"".join([*kept, content[at:]])
    return cleaned if len(cleaned) < len(content) else None
