"""Draws what the icon network learns: icons on all kinds of ground, letters, and shapes of drawn screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from model.data.random_blocks import RandomBlocks
from model.data.screens.elements import ScreenContent
from model.data.screens.fonts import families, open_face
from model.data.screens.generate import compose_screen, photograph
from molmo_act._optional import lazy_import
from molmo_act.reading.icons.crops import crop_shapes
from molmo_act.reading.icons.shapes import find_shapes

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

_LETTERS = "abcdefghjklmnopqrstuvwyzABCDEFGHJKLMNOPQRSTUVWYZ0123456789"
"""Letters that no icon looks like; x, +, ?, i and the like may be icons."""
_SAME = 0.45  # intersection over union of a shape and the icon that it is
_NOWHERE = (-9.0, -9.0, -8.0, -8.0)
_SEEN = 40  # opacity, of 255, from which a pixel belongs to a drawing


@dataclass(frozen=True)
class Scene:
    """A small image around one shape.

    Attributes:
        image: uint8 (H, W, 3), RGB.
        box: (x0, y0, x1, y1) of the shape in pixels.
    """

    image: np.ndarray
    box: tuple[int, int, int, int]

    def crop(self) -> np.ndarray:
        """What the network sees: float32 (32, 32)."""
        crop: np.ndarray = crop_shapes(self.image, [self.box])[0]
        return crop


def icon_scene(mask: np.ndarray, rand: RandomBlocks) -> Scene:
    """Draws an icon with everything that happens to icons on screens.

    Args:
        mask: uint8 (S, S), opacity of its drawing.
        rand: Source of all choices.

    Returns:
        The icon, or the button that it fills, in a random size and in random colours.
    """
    size = int(np.clip(np.exp(rand.between(np.log(9), np.log(56))), 9, 56))
    alpha = _scaled(_stroked(mask, rand), size, rand)
    pad = 4 + size * 2 // 3
    side = alpha.shape[0] + 2 * pad
    ground, ink, fill = _colours(rand)
    image = np.empty((side, side, 3), np.float32)
    image[:] = ground
    if rand.chance() < 0.12:  # a gradient
        image += np.linspace(-1, 1, side, dtype=np.float32)[:, None, None] * rand.between(4, 24)
    box = _ink_box(alpha, pad)
    if rand.chance() < 0.4:
        button = _draw_button(image, box, fill, ground, rand)
        box = button if button is not None and rand.chance() < 0.4 else box
    _blend(image, np.pad(alpha, pad), ink)
    if rand.chance() < 0.1:
        box = _draw_badge(image, box, rand)
    if rand.chance() < 0.25:
        _draw_neighbour(image, box, ink, rand)
    return Scene(_photographed(image, rand), _jittered(box, rand))


def letter_scene(rand: RandomBlocks) -> Scene:
    """Draws one to six letters of a system font, which are no icon."""
    family = rand.one_of(families("train"))
    face = open_face(family.regular, float(9 + rand.below(20)))
    count = 1 + rand.below(6) * (rand.chance() < 0.5)
    text = "".join(rand.one_of(_LETTERS) for _ in range(count))
    wide = int(face.length(text)) + 1
    pad = max(face.height, wide)
    ground, ink, _ = _colours(rand)
    image = Image.new("RGB", (wide + 2 * pad, face.height + 2 * pad), tuple(int(c) for c in ground))
    ImageDraw.Draw(image).text((pad, pad), text, font=face.font, fill=tuple(int(c) for c in ink))
    pixels = np.array(image)
    apart = np.abs(pixels.astype(np.int16) - np.asarray(ground, np.int16)).max(axis=2) > 20
    rows, columns = np.flatnonzero(apart.any(axis=1)), np.flatnonzero(apart.any(axis=0))
    if not len(rows):  # the font lacks these letters
        return letter_scene(rand)
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    return Scene(_photographed(pixels.astype(np.float32), rand), _jittered(box, rand))


def screen_crops(rng: np.random.Generator) -> list[tuple[np.ndarray, str | None]]:
    """Draws a screen of the "train" split, and finds the shapes on it.

    Args:
        rng: Source of every choice.

    Returns:
        Crops (32, 32) with the key of the concept that each shows, or None.
    """
    canvas = compose_screen(rng, 640 + int(rng.integers(640)), 400 + int(rng.integers(400)))
    image = photograph(canvas.pixels(), canvas.rand)
    return shown_crops(image, canvas.shown(), only_text=False)


def shown_crops(
    image: np.ndarray, shown: ScreenContent, *, only_text: bool
) -> list[tuple[np.ndarray, str | None]]:
    """Finds the shapes of a screen of which everything is known.

    Args:
        image: uint8 (H, W, 3), RGB.
        shown: What it shows.
        only_text: Whether only letters are sure to be no icon, as on a page whose links have their own icons.

    Returns:
        Crops (32, 32) with the key of the concept that each shows, or None. Shapes that only touch an
        icon are left out.
    """
    boxes = find_shapes(image)
    if not len(boxes):
        return []
    icons = [element for element in shown.elements if element.role == "icon"]
    truth = np.array([icon.box for icon in icons] or [_NOWHERE], np.float64)
    texts = np.array([box for _, box in shown.texts] or [_NOWHERE], np.float64)
    shared = _overlaps(boxes.astype(np.float64), truth)
    rows: list[tuple[np.ndarray, str | None]] = []
    for crop, box, shares in zip(crop_shapes(image, boxes), boxes, shared, strict=True):
        if shares.max() > _SAME:
            rows.append((crop, icons[int(shares.argmax())].label))
        elif not _touches(box, truth) and (not only_text or _touches(box, texts)):
            rows.append((crop, None))
    return rows


def _overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (N, 4) and (M, 4): (N, M)."""
    corner = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.maximum(corner - np.maximum(first[:, None, :2], second[None, :, :2]), 0)
    shared = sides.prod(axis=2)
    areas = [(each[:, 2:] - each[:, :2]).prod(axis=1) for each in (first, second)]
    share: np.ndarray = shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9)
    return share


def _touches(box: np.ndarray, others: np.ndarray) -> bool:
    apart = (others[:, 0] >= box[2]) | (others[:, 2] <= box[0])
    return bool((~(apart | (others[:, 1] >= box[3]) | (others[:, 3] <= box[1]))).any())


def _stroked(mask: np.ndarray, rand: RandomBlocks) -> np.ndarray:
    """A drawing with thicker or thinner lines, or slightly turned."""
    draw = rand.chance()
    if draw < 0.15:
        mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    elif draw < 0.22:
        thin = cv2.erode(mask, np.ones((2, 2), np.uint8))
        mask = thin if thin.mean() > 0.5 * mask.mean() else mask
    if rand.chance() < 0.2:
        side = mask.shape[0]
        turn = cv2.getRotationMatrix2D((side / 2, side / 2), rand.between(-5, 5), rand.between(0.9, 1.0))
        turn[0] *= rand.between(0.9, 1.1)  # some fonts draw wider
        mask = cv2.warpAffine(mask, turn, (side, side))
    return mask


def _scaled(mask: np.ndarray, size: int, rand: RandomBlocks) -> np.ndarray:
    """A drawing in its size on the screen, float32 (size, size) in [0, 1]."""
    small = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    draw = rand.chance()
    if draw < 0.06:  # a bitmap
        return (small > 0.4).astype(np.float32)
    if draw < 0.2:
        small = cv2.GaussianBlur(small, (3, 3), rand.between(0.3, 0.7))
    elif draw < 0.35:  # hinting makes lines darker
        small = np.minimum(small * rand.between(1.1, 1.6), 1.0)
    return np.asarray(small, np.float32)


def _colours(rand: RandomBlocks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colours of the ground, of an icon, and of the button under it; the icon is seen on both."""
    while True:
        ground, ink, fill = (_colour(rand) for _ in range(3))
        if np.abs(ground - ink).max() > 55 and np.abs(fill - ink).max() > 55:
            return ground, ink, fill


def _colour(rand: RandomBlocks) -> np.ndarray:
    draw = rand.chance()
    if draw < 0.25:
        return np.full(3, 230 + rand.below(26), np.float32)
    if draw < 0.45:
        return np.full(3, 10 + rand.below(60), np.float32)
    if draw < 0.6:
        return np.full(3, rand.below(256), np.float32)
    return np.array([rand.below(256) for _ in range(3)], np.float32)


def _ink_box(alpha: np.ndarray, pad: int) -> tuple[int, int, int, int]:
    seen = alpha > _SEEN / 255
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        rows = columns = np.arange(alpha.shape[0])
    return int(columns[0]) + pad, int(rows[0]) + pad, int(columns[-1]) + 1 + pad, int(rows[-1]) + 1 + pad


def _draw_button(
    image: np.ndarray,
    box: tuple[int, int, int, int],
    fill: np.ndarray,
    ground: np.ndarray,
    rand: RandomBlocks,
) -> tuple[int, int, int, int] | None:
    """Draws a filled or outlined circle or square around an icon; gives its box where it is seen."""
    x0, y0, x1, y1 = box
    reach = int(max(x1 - x0, y1 - y0) * rand.between(0.62, 1.0))
    middle = (x0 + x1) // 2, (y0 + y1) // 2
    whole = (middle[0] - reach, middle[1] - reach), (middle[0] + reach, middle[1] + reach)
    thickness = -1 if rand.chance() < 0.75 else 1
    colour = tuple(float(c) for c in fill)
    if rand.chance() < 0.5:
        cv2.circle(image, middle, reach, colour, thickness, lineType=cv2.LINE_AA)
    else:
        cv2.rectangle(image, *whole, colour, thickness)
    if np.abs(fill - ground).max() < 30 or min(whole[0]) < 2 or max(whole[1]) > image.shape[0] - 3:
        return None
    return whole[0][0], whole[0][1], whole[1][0] + 1, whole[1][1] + 1


def _blend(image: np.ndarray, alpha: np.ndarray, ink: np.ndarray) -> None:
    image *= 1 - alpha[..., None]
    image += alpha[..., None] * ink


def _draw_badge(
    image: np.ndarray, box: tuple[int, int, int, int], rand: RandomBlocks
) -> tuple[int, int, int, int]:
    """Draws a dot or a number over the upper right corner; gives the box of both."""
    x0, y0, x1, y1 = box
    high = max(4, int((y1 - y0) * rand.between(0.25, 0.85)))
    wide = int(high * rand.between(1.0, 1.7)) if rand.chance() < 0.5 else high
    left, top = x1 - int(wide * rand.between(0.2, 0.7)), y0 - int(high * rand.between(0.1, 0.6))
    right, bottom = min(left + wide, image.shape[1] - 3), max(top, 2) + high
    top = max(top, 2)
    colour = tuple(float(c) for c in _colour(rand))
    if wide == high:
        cv2.circle(image, ((left + right) // 2, (top + bottom) // 2), high // 2, colour, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(image, (left, top), (right, bottom), colour, -1)
    if high > 7:  # a number
        ink = (255.0,) * 3 if sum(colour) < 450 else (0.0,) * 3
        corners = [
            [left + wide // 3 + rand.below(wide // 3), top + 2 + rand.below(max(high - 4, 1))]
            for _ in range(5)
        ]
        cv2.polylines(image, [np.array(corners, np.int32)], False, ink, 1, cv2.LINE_AA)
    return x0, min(y0, top), max(x1, right + 1), y1


def _draw_neighbour(
    image: np.ndarray, box: tuple[int, int, int, int], ink: np.ndarray, rand: RandomBlocks
) -> None:
    """Draws something beside a shape: strokes as of a letter, or the edge of a box."""
    colour = tuple(float(c) for c in ink)
    gap = 3 + rand.below(6)
    if rand.chance() < 0.5:
        x = box[2] + gap if rand.chance() < 0.7 else box[0] - gap - 6
        corners = [[x + rand.below(7), box[3] - 1 - rand.below(10)] for _ in range(4)]
        cv2.polylines(image, [np.array(corners, np.int32)], False, colour, 1, cv2.LINE_AA)
    elif rand.chance() < 0.5:
        y = box[3] + gap if rand.chance() < 0.5 else box[1] - gap
        cv2.line(image, (0, y), (image.shape[1], y), colour, 1)
    else:
        x = box[2] + gap if rand.chance() < 0.5 else box[0] - gap
        cv2.line(image, (x, 0), (x, image.shape[0]), colour, 1)


def _photographed(image: np.ndarray, rand: RandomBlocks) -> np.ndarray:
    if rand.chance() < 0.1:
        image = image + np.float32(rand.between(1, 5)) * _noise(image.shape, rand)
    return np.clip(image, 0, 255).astype(np.uint8)


def _noise(shape: Sequence[int], rand: RandomBlocks) -> np.ndarray:
    return np.random.default_rng(rand.below(1 << 30)).standard_normal(shape, np.float32)


def _jittered(box: tuple[int, int, int, int], rand: RandomBlocks) -> tuple[int, int, int, int]:
    if rand.chance() < 0.5:
        return box
    x0, y0, x1, y1 = box
    return x0 - rand.below(2), y0 - rand.below(2), x1 + rand.below(2), y1 + rand.below(2)
