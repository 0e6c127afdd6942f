"""Turns sets of named drawings on disk into the archive that scenes are composed of."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from model.data.assets.names import ObjectName, emoji_name, stamp_name
from molmo_act._optional import import_optional
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file

SPRITE_SIDE = 128
"""Longer side of a drawing in the archive, pixels."""
PHOTO_SIZE = (640, 480)
"""(width, height) of a photograph in the archive, pixels."""


@dataclass(frozen=True)
class Drawing:
    """What is known of one drawing.

    Attributes:
        noun: What it shows: "apple".
        colour: The colour its name states; None when it states none.
        style: The image set it comes from.
        slug: Its name there.
        height: Used rows of its square in the archive.
        width: Used columns.
    """

    noun: str
    colour: str | None
    style: str
    slug: str
    height: int
    width: int


@dataclass(frozen=True)
class RawDrawing:
    """One drawing before it is rasterised.

    Attributes:
        name: What it shows.
        style: The image set it comes from.
        slug: Its name there.
        svg: SVG markup, or None when `file` is to be read.
        file: A PNG or SVG file.
    """

    name: ObjectName
    style: str
    slug: str
    svg: str | None = None
    file: Path | None = None


def iconify_sources(package: Path, style: str, categories: dict[str, str]) -> Iterator[RawDrawing]:
    """Reads the drawings of an unpacked `@iconify-json/*` package that an everyday noun names.

    Args:
        package: Folder that holds `icons.json`.
        style: What to call this drawing style.
        categories: Unicode category of each emoji slug, see `emoji_categories`.

    Yields:
        The drawings.
    """
    icons = json.loads((package / "icons.json").read_text(encoding="utf-8"))
    for slug, icon in icons["icons"].items():
        name = emoji_name(slug, categories.get(slug))
        if name is None:
            continue
        left, top = icon.get("left", 0), icon.get("top", 0)
        width = icon.get("width", icons.get("width", 16))
        height = icon.get("height", icons.get("height", 16))
        yield RawDrawing(
            name, style, slug,
            svg='<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{left} {top} {width} {height}">{icon["body"]}</svg>',
        )  # fmt: skip


def emoji_categories(package: Path) -> dict[str, str]:
    """Reads the Unicode category of each emoji slug.

    Args:
        package: An unpacked `@iconify-json/*` package with metadata.

    Returns:
        Slug → category.
    """
    metadata = json.loads((package / "metadata.json").read_text(encoding="utf-8"))
    return {slug: category for category, slugs in metadata["categories"].items() for slug in slugs}


def stamp_sources(folder: Path) -> Iterator[RawDrawing]:
    """Reads the drawings and photographs of a stamps package that an everyday noun names.

    Args:
        folder: The stamps of an unpacked tuxpaint-stamps package.

    Yields:
        The drawings.
    """
    for text in sorted(folder.rglob("*.txt")):
        slug = str(text.relative_to(folder).with_suffix(""))
        lines = text.read_text(encoding="utf-8", errors="replace").splitlines()
        name = stamp_name(slug, lines[0] if lines else "")
        files = [
            text.with_suffix(suffix) for suffix in (".png", ".svg") if text.with_suffix(suffix).is_file()
        ]
        if name is not None and files:
            yield RawDrawing(name, "stamps", slug, file=files[0])


def svg_to_png(svg: str, width: int, height: int | None = None) -> bytes:
    """Rasterizes SVG markup.

    Args:
        svg: The markup.
        width: Pixels.
        height: Pixels; follows from the width unless given.

    Returns:
        A PNG file.

    Raises:
        MissingExtraError: resvg-py is not installed.
    """
    resvg_py = import_optional("resvg_py", extra="train", purpose="rasterizing SVG drawings")
    size = {"width": width} | ({} if height is None else {"height": height})
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, **size, skip_system_fonts=True))


def rasterize(source: RawDrawing) -> np.ndarray | None:
    """Cuts a drawing to its visible part, longer side 128.

    Args:
        source: The drawing.

    Returns:
        uint8 (h, w, 4) RGBA, colour premultiplied by alpha; None when almost nothing of it is visible, it is
        a full opaque rectangle (a photograph that nobody cut out), or the file cannot be read.

    Raises:
        InputError: It has neither markup nor a file.
        MissingExtraError: resvg-py is not installed.
    """
    try:
        if source.svg is not None:
            data = svg_to_png(source.svg, 2 * SPRITE_SIDE)
        elif source.file is not None and source.file.suffix == ".svg":
            data = svg_to_png(source.file.read_text(encoding="utf-8"), 2 * SPRITE_SIDE)
        elif source.file is not None:
            data = source.file.read_bytes()
        else:
            raise InputError(f"Drawing {source.slug!r} of {source.style!r} has neither markup nor a file.")
        image = Image.open(io.BytesIO(data)).convert("RGBA")
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        return None
    box = image.getchannel("A").point(lambda a: 255 if a > 24 else 0).getbbox()
    if box is None:
        return None
    image = image.crop(box)
    scale = SPRITE_SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = np.asarray(image.convert("RGBa").resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))
    alpha = small[..., 3]
    covered = float((alpha > 127).mean())
    if (
        covered < 0.06
        or (covered > 0.985 and source.file is not None and source.file.suffix == ".png")
        or min(size) < 14
    ):
        return None
    return np.concatenate([np.minimum(small[..., :3], alpha[..., None]), alpha[..., None]], axis=2)


def _save(file: Path, array: np.ndarray) -> None:
    """Writes beside the file and then puts it in its place: a process that reads the old one keeps it."""
    with atomic_file(file) as part:
        np.save(part, array, allow_pickle=False)


def write_sprites(sources: list[RawDrawing], folder: Path) -> tuple[Drawing, ...]:
    """Rasterizes drawings into `sprites.npy` and `sprites.json` of the archive.

    Args:
        sources: The drawings.
        folder: The archive; made when missing.

    Returns:
        The drawings that were written; identical ones of a noun are written once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pixels: list[np.ndarray] = []
    drawings: list[Drawing] = []
    seen: set[tuple[str, bytes]] = set()
    for source in sources:
        sprite = rasterize(source)
        if sprite is None or (key := (source.name.noun, sprite.tobytes())) in seen:
            continue
        seen.add(key)
        square = np.zeros((SPRITE_SIDE, SPRITE_SIDE, 4), np.uint8)
        square[: sprite.shape[0], : sprite.shape[1]] = sprite
        pixels.append(square)
        name = source.name
        drawings.append(Drawing(name.noun, name.colour, source.style, source.slug, *sprite.shape[:2]))
    _save(folder / "sprites.npy", np.stack(pixels))
    records = json.dumps([asdict(drawing) for drawing in drawings], indent=0)
    (folder / "sprites.json").write_text(records, encoding="utf-8")
    return tuple(drawings)


def write_photos(files: list[Path], folder: Path) -> int:
    """Writes photographs, cut to 640×480, into `photos.npy` and `photos.json` of the archive.

    Args:
        files: Image files.
        folder: The archive; made when missing.

    Returns:
        How many could be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    photos: list[np.ndarray] = []
    names: list[str] = []
    for file in files:
        try:
            image = Image.open(file).convert("RGB")
        except OSError:
            continue
        width, height = PHOTO_SIZE
        scale = max(width / image.width, height / image.height)
        size = (max(width, round(image.width * scale)), max(height, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        left, top = (size[0] - width) // 2, (size[1] - height) // 2
        photos.append(np.asarray(image.crop((left, top, left + width, top + height))))
        names.append(file.name)
    stack = np.stack(photos) if photos else np.zeros((0, PHOTO_SIZE[1], PHOTO_SIZE[0], 3), np.uint8)
    _save(folder / "photos.npy", stack)
    (folder / "photos.json").write_text(json.dumps(names), encoding="utf-8")
    return len(photos)
