"""Draws points and heat maps on images, with Pillow.

Everything scales with the image, so that a marker looks the same on a thumbnail and on a 4K screenshot shown
at one size. Where an image is too small for text, only the markers are drawn.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw

from molmo_act.errors import InputError
from molmo_act.fonts.typeface import Typeface
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.validation import wrong

Box = tuple[float, float, float, float]

# Distinct in hue and lightness, also for colour-blind eyes (after Okabe and Ito).
_COLOURS = (
    (213, 94, 0),
    (0, 114, 178),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
    (240, 228, 66),
)
_INK, _PAPER = (20, 20, 20), (255, 255, 255)
_MASK_OPACITY = 0.45
_SMOOTH = 4  # shapes are drawn this many times larger and scaled down, which makes their edges smooth


class _Marker(NamedTuple):
    """One point as it is drawn."""

    x: float
    y: float
    object_id: int
    score: float


def draw_points(
    image: ImageInput,
    xy: np.ndarray,
    object_id: Sequence[int] | np.ndarray,
    score: Sequence[float] | np.ndarray,
    caption: str = "",
) -> Image.Image:
    """Marks points on a copy of an image, each with its number and score, and writes a caption below.

    Args:
        image: What to draw on, as `molmo_act.io.image.to_rgb` takes it.
        xy: (N, 2), pixels of the image; the centre of the first pixel is (0.5, 0.5). Points far outside the
            image are not drawn.
        object_id: (N,), the number written beside each point; it also chooses the colour.
        score: (N,), in [0, 1].
        caption: One line of text; left out where it is empty or the image is too small. Latin, Greek and
            Cyrillic letters are always there; other scripts need a font of the machine, and a character that
            none has is drawn as a box and logged.

    Returns:
        A new RGB image of the same size.

    Raises:
        ImageError: The image cannot be used.
        InputError: `xy` is not finite, or there is not a number and a score for each point.
    """
    if not isinstance(caption, str):
        raise wrong("caption", caption, "text")
    caption = "".join(" " if unicodedata.category(one) in ("Cc", "Cs") else one for one in caption)
    canvas = Image.fromarray(to_rgb(image))
    radius = _radius(canvas.size)
    markers = [one for one in _markers(xy, object_id, score) if _is_near(one, canvas.size, 2 * radius)]
    font = Typeface(max(10.0, 1.7 * radius))
    _draw_caption(canvas, caption, markers, radius, font)
    for marker in markers:  # over the caption: a marker is never hidden
        _draw_marker(canvas, marker, radius)
    _draw_labels(canvas, markers, radius, font)
    return canvas


def _markers(xy: ArrayLike, object_id: ArrayLike, score: ArrayLike) -> list[_Marker]:
    try:
        places, numbers, chances = np.array(xy, np.float64), np.array(object_id), np.array(score, np.float64)
        if not places.size:
            places = places.reshape(0, 2)
        shapes = places.shape, numbers.shape, chances.shape
        if shapes != ((len(numbers), 2), (len(numbers),), (len(numbers),)) or not np.isfinite(places).all():
            raise ValueError(f"shapes {shapes[0]}, {shapes[1]} and {shapes[2]}")
        return [
            _Marker(float(x), float(y), int(number), float(chance))
            for (x, y), number, chance in zip(places, numbers, chances, strict=True)
        ]
    except (TypeError, ValueError, OverflowError) as exc:
        raise InputError(
            f"xy, object_id and score cannot be drawn ({exc}); expected finite pixels (N, 2), and a number "
            "and a score for each."
        ) from exc


def _is_near(marker: _Marker, size: tuple[int, int], reach: float) -> bool:
    """Whether anything of a marker can be in the image."""
    return -reach <= marker.x <= size[0] + reach and -reach <= marker.y <= size[1] + reach


def draw_masks(
    image: ImageInput, masks: Sequence[np.ndarray], object_id: Sequence[int] | np.ndarray
) -> Image.Image:
    """Lays masks over a copy of an image, each in the colour that points of its object have, with an outline.

    Args:
        image: What to draw on, as `molmo_act.io.image.to_rgb` takes it.
        masks: bool (H, W) each, of the size of the image.
        object_id: The number of each.

    Returns:
        A new RGB image of the same size.

    Raises:
        ImageError: The image cannot be used.
    """
    pixels = np.array(to_rgb(image), np.float32)
    width = max(1, round(0.2 * _radius((pixels.shape[1], pixels.shape[0]))))
    for mask, number in zip(masks, object_id, strict=True):
        colour = np.array(_colour(int(number)), np.float32)
        pixels[mask] += (colour - pixels[mask]) * _MASK_OPACITY
        pixels[mask & ~_eroded(mask, width)] = colour
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


def _eroded(mask: np.ndarray, width: int) -> np.ndarray:
    """The pixels of a mask that have `width` pixels of it on all four sides; beyond the image is none."""
    inside = mask
    for _ in range(width):
        padded = np.pad(inside, 1)
        inside = inside & padded[2:, 1:-1] & padded[:-2, 1:-1] & padded[1:-1, 2:] & padded[1:-1, :-2]
    return inside


def draw_heatmap(image: ImageInput, heatmap: np.ndarray) -> Image.Image:
    """Lays a heat map over a copy of an image: dark, then violet, red, and yellow where it is hottest.

    The square root of the values is shown, relative to the largest, so that weak spots stay visible.

    Args:
        image: What to draw on, as `molmo_act.io.image.to_rgb` takes it.
        heatmap: Non-negative float (rows, columns), spread over the whole image.

    Returns:
        A new RGB image of the same size.

    Raises:
        ImageError: The image cannot be used.
        InputError: The heat map is empty, not 2-D, negative or holds NaN.
    """
    try:
        heat = np.asarray(heatmap, dtype=np.float32)
    except (TypeError, ValueError) as exc:
        raise wrong("heatmap", heatmap, "numbers (rows, columns), such as one of Points.heatmaps") from exc
    if heat.ndim != 2 or heat.size == 0 or not np.isfinite(heat).all() or heat.min() < 0:
        raise InputError(
            f"Heat map of shape {heat.shape}; expected non-negative finite numbers (rows, columns). "
            "Give one of Points.heatmaps."
        )
    pixels = to_rgb(image)
    strength = Image.fromarray(np.sqrt(heat / max(float(heat.max()), 1e-30)))
    height, width = pixels.shape[:2]
    shown = np.clip(np.asarray(strength.resize((width, height), Image.Resampling.BILINEAR)), 0, 1)
    grey = np.asarray(Image.fromarray(pixels).convert("L"), dtype=np.float32)[..., None]
    colours = heat_colours()[np.rint(shown * 255).astype(np.uint8)].astype(np.float32)
    opacity = (0.25 + 0.65 * shown)[..., None]
    return Image.fromarray(np.rint(grey * (1 - opacity) + colours * opacity).astype(np.uint8))


@lru_cache(maxsize=1)
def heat_colours() -> np.ndarray:
    """The colour map of heat maps: from dark violet over red to light yellow.

    Lightness rises evenly, hue turns evenly: a straight line through the OKLCH colour space.

    Returns:
        uint8 (256, 3), sRGB; read-only.
    """
    t = np.linspace(0, 1, 256)
    lightness = 0.12 + 0.83 * t
    chroma = 0.05 + 0.13 * np.sin(np.pi * t**0.9)
    hue = np.radians(290 + 175 * t)
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    # OKLab to linear sRGB, with the constants that define the space.
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        (
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        ),
        axis=1,
    ).clip(0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: np.ndarray = np.rint(encoded * 255).astype(np.uint8)
    colours.setflags(write=False)
    return colours


def _radius(size: tuple[int, int]) -> float:
    """Radius of a marker in pixels."""
    return max(2.5, 0.013 * math.sqrt(size[0] * size[1]))


def _colour(object_id: int) -> tuple[int, int, int]:
    return _COLOURS[(object_id - 1) % len(_COLOURS)]


def _draw_marker(canvas: Image.Image, marker: _Marker, radius: float) -> None:
    """A coloured disc with a bright rim and a dark halo, open in the middle where the point is."""
    reach = math.ceil(1.6 * radius) + 1
    left, top = math.floor(marker.x) - reach, math.floor(marker.y) - reach
    side = (2 * reach + 1) * _SMOOTH
    shape = Image.new("RGBA", (side, side))
    pen = ImageDraw.Draw(shape)
    x, y = (marker.x - left) * _SMOOTH, (marker.y - top) * _SMOOTH
    colour = _colour(marker.object_id)
    for size, fill in (
        (1.45, (*_INK, 110)),
        (1.2, (*_PAPER, 255)),
        (1.0, (*colour, 255)),
        (0.42, (*_PAPER, 255)),
        (0.25, (*_INK, 255)),
    ):
        r = size * radius * _SMOOTH
        pen.ellipse((x - r, y - r, x + r, y + r), fill=fill)
    _lay_over(canvas, shape, left, top)


def _lay_over(canvas: Image.Image, large: Image.Image, left: int, top: int) -> None:
    """Scales a shape down by the smoothing factor and composites it at (left, top)."""
    # Premultiplied, or the invisible black around a shape would darken its edge.
    size = (large.width // _SMOOTH, large.height // _SMOOTH)
    small = large.convert("RGBa").resize(size, Image.Resampling.BOX).convert("RGBA")
    canvas.paste(small, (left, top), small)


def _draw_labels(canvas: Image.Image, markers: Sequence[_Marker], radius: float, font: Typeface) -> None:
    """Number and score next to each marker, where they cover least of the others."""
    covered = [(m.x - radius, m.y - radius, m.x + radius, m.y + radius) for m in markers]
    placed: list[Box] = []
    for marker in markers:
        text = f"{marker.object_id}  {marker.score:.2f}"
        width, height = font.box(text)
        width, height = width + 0.9 * radius, height + 0.6 * radius
        if width > canvas.width or height > canvas.height:
            continue
        boxes = [
            _inside(canvas.size, (x, y, x + width, y + height))
            for x, y in _places_around(marker, width, height, 1.8 * radius)
        ]
        box = min(boxes, key=lambda box: sum(_overlap(box, other) for other in (*covered, *placed)))
        placed.append(box)
        _draw_plate(canvas, box, text, font, radius, _colour(marker.object_id))


def _places_around(marker: _Marker, width: float, height: float, gap: float) -> list[tuple[float, float]]:
    """Top-left corners of a box of this size beside a point, the preferred one first."""
    right, left, middle_x = marker.x + gap, marker.x - gap - width, marker.x - width / 2
    above, below, middle_y = marker.y - gap - height, marker.y + gap, marker.y - height / 2
    return [
        *((right, middle_y), (left, middle_y), (middle_x, above), (middle_x, below)),
        *((right, above), (right, below), (left, above), (left, below)),
    ]


def _draw_caption(
    canvas: Image.Image, text: str, markers: Sequence[_Marker], radius: float, font: Typeface
) -> None:
    """The caption in a bar at the bottom, or at the top when that hides fewer points."""
    height = font.box("Tg")[1] + 1.2 * radius
    room = canvas.width - 2 * radius
    text = _shortened(text, font, room)
    if not text or height > canvas.height / 3:
        return
    at_bottom = sum(m.y > canvas.height - height for m in markers) <= sum(m.y < height for m in markers)
    top = canvas.height - height if at_bottom else 0.0
    _draw_plate(canvas, (0.0, top, float(canvas.width), top + height), text, font, 0.0, None)


def _shortened(text: str, font: Typeface, room: float) -> str:
    """The text, or its beginning and "…" where it is too wide; empty when not even that fits."""
    if font.length(text) <= room:
        return text
    fitting = [n for n in range(1, min(len(text), 400)) if font.length(text[:n] + "…") <= room]
    return text[: fitting[-1]].rstrip() + "…" if fitting else ""


def _draw_plate(
    canvas: Image.Image,
    box: Box,
    text: str,
    font: Typeface,
    corner: float,
    edge: tuple[int, int, int] | None,
) -> None:
    """White text on a dark plate with an optional coloured edge."""
    left, top = math.floor(box[0]), math.floor(box[1])
    width, height = math.ceil(box[2]) - left, math.ceil(box[3]) - top
    plate = Image.new("RGBA", (width * _SMOOTH, height * _SMOOTH))
    ImageDraw.Draw(plate).rounded_rectangle(
        (0, 0, plate.width - 1, plate.height - 1),
        radius=0.6 * corner * _SMOOTH,
        fill=(*_INK, 200),
        outline=edge and (*edge, 255),
        width=round(max(1.0, 0.15 * corner) * _SMOOTH) if edge else 0,
    )
    _lay_over(canvas, plate, left, top)
    font.draw(ImageDraw.Draw(canvas), (left + width / 2, top + height / 2), text, _PAPER)


def _inside(size: tuple[int, int], box: Box) -> Box:
    """The box moved into an image that is large enough for it."""
    dx = max(0.0, -box[0]) - max(0.0, box[2] - size[0])
    dy = max(0.0, -box[1]) - max(0.0, box[3] - size[1])
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy


def _overlap(a: Box, b: Box) -> float:
    """Common area of two boxes in square pixels."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
