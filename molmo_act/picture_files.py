"""Writes picture files: whole or not at all, and only under names that say their kind. Knows no drawing."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

from molmo_act.errors import InputError

_KINDS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}


def picture_path(path: str | os.PathLike[str]) -> Path:
    """Checks, before the work is done, that a picture can be written to a path.

    Args:
        path: Where a picture is to be written.

    Returns:
        The path.

    Raises:
        InputError: Its suffix names no kind of picture, its folder does not exist, or it is a folder.
    """
    target = Path(path)
    if target.suffix.lower() not in _KINDS:
        raise InputError(
            f"Cannot write a picture to {str(path)!r}; expected a name that ends in {', '.join(_KINDS)}."
        )
    if not target.parent.is_dir():
        raise InputError(
            f"Cannot write {str(path)!r}: the folder {str(target.parent)!r} does not exist. Create it."
        )
    if target.is_dir():
        raise InputError(f"Cannot write {str(path)!r}: it is a folder. Give the name of a file.")
    return target


def save_picture(picture: Image.Image, path: str | os.PathLike[str]) -> None:
    """Writes a picture under a temporary name next to its place, then renames it.

    Args:
        picture: What to write.
        path: Where to; the suffix chooses the kind. An existing file is replaced.

    Raises:
        InputError: See `picture_path`; or the file cannot be written.
    """
    target = picture_path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            picture.save(file, _KINDS[target.suffix.lower()])
        beside.replace(target)
    except OSError as exc:
        raise InputError(
            f"Cannot write {str(path)!r} ({exc}). Check the folder's rights and free space."
        ) from exc
    finally:
        beside.unlink(missing_ok=True)
