"""Makes the sprite of one object: scaled, turned, lit, outlined."""

from __future__ import annotations

import numpy as np

from model.data.scenes.shapes import recolour, shape_sprite
from model.data.scenes.spec import ObjectSpec
from model.data.scenes.sprite_library import SpriteLibrary
from molmo_act._optional import lazy_import

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")


def _lit(rng: np.random.Generator, sprite: np.ndarray) -> np.ndarray:
    """A sprite a little brighter or darker, more or less contrasty."""
    gain = float(rng.uniform(0.78, 1.2))
    rgb = cv2.convertScaleAbs(sprite[..., :3], alpha=gain)
    return np.dstack((np.minimum(rgb, sprite[..., 3:]), sprite[..., 3]))


def _turned(rng: np.random.Generator, sprite: np.ndarray, side: int) -> np.ndarray:
    """A drawing scaled to a longer side, mirrored and turned at random; uint8 (h, w, 4) as it was."""
    if rng.random() < 0.5:
        sprite = sprite[:, ::-1]
    scale = side / max(sprite.shape[:2])
    size = (max(4, round(sprite.shape[1] * scale)), max(4, round(sprite.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 0.8 else cv2.INTER_LINEAR
    sprite = cv2.resize(np.ascontiguousarray(sprite), size, interpolation=method)
    chance = rng.random()
    if chance < 0.3:
        return sprite
    angle = rng.uniform(-180, 180) if chance > 0.93 else rng.normal(0, 14)
    matrix = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), angle, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    width, height = int(size[0] * cos + size[1] * sin) + 2, int(size[0] * sin + size[1] * cos) + 2
    matrix[:, 2] += ((width - size[0]) / 2, (height - size[1]) / 2)
    return cv2.warpAffine(sprite, matrix, (width, height), flags=cv2.INTER_LINEAR)


def _outlined(sprite: np.ndarray, level: int) -> np.ndarray:
    """A sprite with a grey or white rim, as stickers have; larger by 3 pixels on every side."""
    sprite = cv2.copyMakeBorder(sprite, 3, 3, 3, 3, cv2.BORDER_CONSTANT)
    alpha = np.ascontiguousarray(sprite[..., 3])
    wide = cv2.dilate(alpha, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    rim = cv2.convertScaleAbs(wide - alpha, alpha=level / 255)
    return cv2.merge((*(cv2.add(np.ascontiguousarray(sprite[..., i]), rim) for i in range(3)), wide))


def _stands_out(sprite: np.ndarray, ground: np.ndarray) -> bool:
    """Whether a sprite's mean colour differs clearly from the RGB mean of the ground."""
    total = np.array(cv2.sumElems(sprite))
    return float(np.abs(total[:3] * 255 / max(total[3], 1.0) - ground).max()) > 42


def object_sprite(
    rng: np.random.Generator, spec: ObjectSpec, side: int, library: SpriteLibrary | None, ground: np.ndarray
) -> np.ndarray:
    """Makes the sprite of an object, readable on its background.

    Args:
        rng: Source of all randomness.
        spec: What to draw.
        side: Longer side in pixels, before it is turned.
        library: Drawings; None when only shapes are drawn.
        ground: float (3,) RGB mean of what will lie around it.

    Returns:
        uint8 (h, w, 4) RGBA, colour premultiplied by alpha.
    """
    if spec.drawing is None or library is None:
        return shape_sprite(rng, spec.noun, str(spec.colour), side, ground)
    sprite = np.asarray(library.sprite(spec.drawing))
    if spec.tinted:
        sprite = recolour(rng, sprite, str(spec.colour))
    sprite = _lit(rng, _turned(rng, sprite, side))
    if not _stands_out(sprite, ground):
        return _outlined(sprite, 245 if ground.mean() < 120 else 30)
    return _outlined(sprite, 250) if rng.random() < 0.06 else sprite
