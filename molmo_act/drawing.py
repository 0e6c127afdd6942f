"""Draws points and heat maps on pictures with Pillow alone; knows no model and opens no window.

Everything scales with the picture, so that a marker looks the same on a thumbnail and on a 4K screen shot
shown at one size. Where a picture is too small for text, only the markers are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from molmo_act.errors import InputError
from molmo_act.images import ImageInput, to_rgb

if TYPE_CHECKING:
    from molmo_act.points import Point, Points

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
_SMOOTH = 4  # shapes are drawn this many times larger and scaled down, which makes their edges smooth


def draw_points(image: ImageInput, points: Points, image_index: int = 0) -> Image.Image:
    """A picture with the points that lie in it: a marker each, number and score, and the query as a caption.

    Args:
        image: The image that was asked about, as `molmo_act.images.to_rgb` takes it.
        points: The answer.
        image_index: Which image of the query it is.

    Returns:
        A new RGB picture of the same size.

    Raises:
        InputError: There is no such image in the query, or its size is another.
    """
    canvas = Image.fromarray(pixels_of(image, points, image_index))
    shown = [point for point in points if point.image_index == image_index]
    radius = _radius(canvas.size)
    font = cast(ImageFont.FreeTypeFont, ImageFont.load_default(max(10.0, 1.7 * radius)))  # as with any size
    _draw_caption(canvas, _caption(points, len(shown)), shown, radius, font)
    for point in shown:  # over the caption: a marker is never hidden
        _draw_marker(canvas, point, radius)
    _draw_labels(canvas, shown, radius, font)
    return canvas


def draw_heatmap(image: ImageInput, heatmap: np.ndarray) -> Image.Image:
    """A picture under a heat map: dark where nothing is, then violet, red and yellow where it is hottest.

    The square root of the values is shown, relative to the largest, so that weak spots stay visible.

    Args:
        image: The picture, as `molmo_act.images.to_rgb` takes it.
        heatmap: Non-negative float (rows, columns), spread over the whole picture.

    Returns:
        A new RGB picture of the same size.

    Raises:
        InputError: The heat map is empty, not 2-D, negative or holds NaN.
    """
    heat = np.asarray(heatmap, dtype=np.float32)
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
    """256 colours from dark violet over red to light yellow, as uint8 (256, 3) sRGB.

    Lightness rises evenly, hue turns evenly: a straight line through the OKLCH colour space.
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
    colours = np.rint(encoded * 255).astype(np.uint8)
    colours.setflags(write=False)
    return colours


def pixels_of(image: ImageInput, points: Points, image_index: int) -> np.ndarray:
    """The picture to draw on, uint8 RGB (H, W, 3), if it can be the one that was asked about.

    Args:
        image: As `molmo_act.images.to_rgb` takes it.
        points: The answer.
        image_index: Which image of the query it is.

    Raises:
        InputError: There is no such image in the query, or its size is another.
    """
    pixels = to_rgb(image)
    sizes = points.image_size
    if not 0 <= image_index < len(sizes):
        raise InputError(f"Image {image_index} was to be drawn; the query had {len(sizes)}, counted from 0.")
    width, height = sizes[image_index]
    if pixels.shape[:2] != (height, width):
        raise InputError(
            f"The picture to draw on has {pixels.shape[1]}×{pixels.shape[0]} pixels, but image {image_index} "
            f"of the query had {width}×{height}. Draw on the image that was asked about."
        )
    return pixels


def _radius(size: tuple[int, int]) -> float:
    """Radius of a marker in pixels."""
    return max(2.5, 0.013 * math.sqrt(size[0] * size[1]))


def _colour(object_id: int) -> tuple[int, int, int]:
    return _COLOURS[(object_id - 1) % len(_COLOURS)]


def _draw_marker(canvas: Image.Image, point: Point, radius: float) -> None:
    """A coloured disc with a bright rim and a dark halo, open in the middle where the point is."""
    reach = math.ceil(1.6 * radius) + 1
    left, top = math.floor(point.x) - reach, math.floor(point.y) - reach
    side = (2 * reach + 1) * _SMOOTH
    shape = Image.new("RGBA", (side, side))
    pen = ImageDraw.Draw(shape)
    x, y = (point.x - left) * _SMOOTH, (point.y - top) * _SMOOTH
    colour = _colour(point.object_id)
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


def _draw_labels(
    canvas: Image.Image, points: Sequence[Point], radius: float, font: ImageFont.FreeTypeFont
) -> None:
    """Number and score next to each marker, where they cover least of the others."""
    markers = [(p.x - radius, p.y - radius, p.x + radius, p.y + radius) for p in points]
    placed: list[Box] = []
    for point in points:
        text = f"{point.object_id}  {point.score:.2f}"
        width, height = _text_size(text, font)
        width, height = width + 0.9 * radius, height + 0.6 * radius
        if width > canvas.width or height > canvas.height:
            continue
        boxes = [
            _inside(canvas.size, (x, y, x + width, y + height))
            for x, y in _places_around(point, width, height, 1.8 * radius)
        ]
        box = min(boxes, key=lambda box: sum(_overlap(box, other) for other in (*markers, *placed)))
        placed.append(box)
        _draw_plate(canvas, box, text, font, radius, _colour(point.object_id))


def _places_around(point: Point, width: float, height: float, gap: float) -> list[tuple[float, float]]:
    """Top-left corners of a box of this size beside a point, the preferred one first."""
    right, left, middle_x = point.x + gap, point.x - gap - width, point.x - width / 2
    above, below, middle_y = point.y - gap - height, point.y + gap, point.y - height / 2
    return [
        *((right, middle_y), (left, middle_y), (middle_x, above), (middle_x, below)),
        *((right, above), (right, below), (left, above), (left, below)),
    ]


def _draw_caption(
    canvas: Image.Image, text: str, points: Sequence[Point], radius: float, font: ImageFont.FreeTypeFont
) -> None:
    """The query in a bar at the bottom, or at the top when that hides fewer points."""
    height = _text_size("Äg", font)[1] + 1.2 * radius
    room = canvas.width - 2 * radius
    text = _shortened(text, font, room)
    if not text or height > canvas.height / 3:
        return
    at_bottom = sum(p.y > canvas.height - height for p in points) <= sum(p.y < height for p in points)
    top = canvas.height - height if at_bottom else 0.0
    _draw_plate(canvas, (0.0, top, float(canvas.width), top + height), text, font, 0.0, None)


def _caption(points: Points, found: int) -> str:
    query = " ".join(points.query.split())
    if not len(points):
        return f"{query}: nothing found"
    return f"{query}: {found} point{'' if found == 1 else 's'}"


def _shortened(text: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    """The text, or its beginning and "…" where it is too wide; empty when not even that fits."""
    if font.getlength(text) <= room:
        return text
    fitting = [n for n in range(1, min(len(text), 400)) if font.getlength(text[:n] + "…") <= room]
    return text[: fitting[-1]].rstrip() + "…" if fitting else ""


def _draw_plate(
    canvas: Image.Image,
    box: Box,
    text: str,
    font: ImageFont.FreeTypeFont,
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
    ImageDraw.Draw(canvas).text((left + width / 2, top + height / 2), text, _PAPER, font, anchor="mm")


def _text_size(text: str, font: ImageFont.FreeTypeFont) -> tuple[float, float]:
    left, top, right, bottom = font.getbbox(text)
    return right - left, bottom - top


def _inside(size: tuple[int, int], box: Box) -> Box:
    """The box moved into a picture that is large enough for it."""
    dx = max(0.0, -box[0]) - max(0.0, box[2] - size[0])
    dy = max(0.0, -box[1]) - max(0.0, box[3] - size[1])
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy


def _overlap(a: Box, b: Box) -> float:
    """Common area of two boxes in square pixels."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
