"""Turns named picture sets on disk into the cached archive of drawings; knows no network and no scenes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from model.data.picture_names import PictureName, picture_name, stamp_name
from model.data.scene_assets import SPRITE_SIDE, Drawing
from molmo_act.errors import InputError, MissingExtraError

PHOTO_SIZE = (640, 480)


@dataclass(frozen=True)
class Source:
    """One drawing before it is rasterised.

    Attributes:
        name: What it shows.
        style: The picture set it comes from.
        slug: Its name there.
        svg: SVG markup, or None when `file` is to be read.
        file: A PNG or SVG file.
    """

    name: PictureName
    style: str
    slug: str
    svg: str | None = None
    file: Path | None = None


def iconify_sources(package: Path, style: str, categories: dict[str, str]) -> Iterator[Source]:
    """Drawings of an unpacked `@iconify-json/*` package that an everyday noun names.

    Args:
        package: Folder that holds `icons.json`.
        style: What to call this drawing style.
        categories: Unicode category of each emoji slug, see `emoji_categories`.
    """
    icons = json.loads((package / "icons.json").read_text(encoding="utf-8"))
    for slug, icon in icons["icons"].items():
        name = picture_name(slug, categories.get(slug))
        if name is None:
            continue
        left, top = icon.get("left", 0), icon.get("top", 0)
        width = icon.get("width", icons.get("width", 16))
        height = icon.get("height", icons.get("height", 16))
        yield Source(
            name, style, slug,
            svg='<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{left} {top} {width} {height}">{icon["body"]}</svg>',
        )  # fmt: skip


def emoji_categories(package: Path) -> dict[str, str]:
    """Category of each emoji slug, from an unpacked `@iconify-json/*` package with metadata."""
    metadata = json.loads((package / "metadata.json").read_text(encoding="utf-8"))
    return {slug: category for category, slugs in metadata["categories"].items() for slug in slugs}


def stamp_sources(folder: Path) -> Iterator[Source]:
    """Drawings and photographs of an unpacked tuxpaint-stamps package that an everyday noun names."""
    for text in sorted(folder.rglob("*.txt")):
        slug = str(text.relative_to(folder).with_suffix(""))
        lines = text.read_text(encoding="utf-8", errors="replace").splitlines()
        name = stamp_name(slug, lines[0] if lines else "")
        files = [
            text.with_suffix(suffix) for suffix in (".png", ".svg") if text.with_suffix(suffix).is_file()
        ]
        if name is not None and files:
            yield Source(name, "stamps", slug, file=files[0])


def _svg_to_png(svg: str) -> bytes:
    try:
        import resvg_py
    except ImportError as error:
        raise MissingExtraError("resvg-py", "train", "Rasterising drawings") from error
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=2 * SPRITE_SIDE, skip_system_fonts=True))


def rasterise(source: Source) -> np.ndarray | None:
    """A drawing cut to its visible part, longer side 128.

    Returns:
        uint8 (h, w, 4) RGBA, colour premultiplied by alpha; None when almost nothing of it is visible, it
        is a full opaque rectangle (a photograph that nobody cut out), or the file cannot be read.
    """
    try:
        if source.svg is not None:
            data = _svg_to_png(source.svg)
        elif source.file is not None and source.file.suffix == ".svg":
            data = _svg_to_png(source.file.read_text(encoding="utf-8"))
        elif source.file is not None:
            data = source.file.read_bytes()
        else:
            raise InputError(f"Drawing {source.slug!r} of {source.style!r} has neither markup nor a file.")
        picture = Image.open(io.BytesIO(data)).convert("RGBA")
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        return None
    box = picture.getchannel("A").point(lambda a: 255 if a > 24 else 0).getbbox()
    if box is None:
        return None
    picture = picture.crop(box)
    scale = SPRITE_SIDE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = np.asarray(picture.convert("RGBa").resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))
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
    part = file.with_suffix(".part.npy")
    np.save(part, array, allow_pickle=False)
    part.replace(file)


def write_sprites(sources: list[Source], folder: Path) -> tuple[Drawing, ...]:
    """Rasterises drawings into `sprites.npy` and `sprites.json` of the archive.

    Returns:
        The drawings that were written; identical ones of a noun are written once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pixels: list[np.ndarray] = []
    drawings: list[Drawing] = []
    seen: set[tuple[str, bytes]] = set()
    for source in sources:
        sprite = rasterise(source)
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

    Returns:
        How many could be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    photos: list[np.ndarray] = []
    names: list[str] = []
    for file in files:
        try:
            picture = Image.open(file).convert("RGB")
        except OSError:
            continue
        width, height = PHOTO_SIZE
        scale = max(width / picture.width, height / picture.height)
        size = (max(width, round(picture.width * scale)), max(height, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        left, top = (size[0] - width) // 2, (size[1] - height) // 2
        photos.append(np.asarray(picture.crop((left, top, left + width, top + height))))
        names.append(file.name)
    stack = np.stack(photos) if photos else np.zeros((0, PHOTO_SIZE[1], PHOTO_SIZE[0], 3), np.uint8)
    _save(folder / "photos.npy", stack)
    (folder / "photos.json").write_text(json.dumps(names), encoding="utf-8")
    return len(photos)
