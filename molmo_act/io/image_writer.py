"""Writes image files, whole or not at all, in the format that their name says."""

from __future__ import annotations

import os
from functools import partial

from PIL import Image

from molmo_act.io.atomic import atomic_file, check_output_path, explain_write_errors
from molmo_act.validation import wrong

_FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}


check_image_path = partial(check_output_path, suffixes=_FORMATS, kind="an image")
"""Checks, before the work is done, that an image can be written to a path; see `check_output_path`."""


def save_image(image: Image.Image, path: str | os.PathLike[str]) -> None:
    """Writes an image file, whole or not at all.

    Args:
        image: What to write.
        path: Where to; the suffix chooses the format. An existing file is replaced.

    Raises:
        InputError: The path cannot hold an image, see `check_image_path`; or the file cannot be written.
    """
    if not isinstance(image, Image.Image):
        raise wrong("image", image, "a PIL image; Image.fromarray makes one of an array")
    target = check_image_path(path)
    with (
        explain_write_errors(path, kind="an image"),
        atomic_file(target) as beside,
        beside.open("wb") as file,
    ):
        image.save(file, _FORMATS[target.suffix.lower()])
