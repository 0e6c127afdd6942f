"""The image of a scene while it is composed: its pixels, and which object owns each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.data.scenes.spec import ObjectSpec
from molmo_act._optional import lazy_import

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

_LEAST_VISIBLE = 0.45
_Slices = tuple[slice, slice]


@dataclass(frozen=True)
class Shadow:
    """A drop shadow.

    Attributes:
        right: Shift to the right, pixels.
        down: Shift downwards, pixels.
        strength: How much of the light it takes away, in [0, 1].
    """

    right: int
    down: int
    strength: float


@dataclass(eq=False)
class SceneCanvas:
    """An image while it is composed.

    Attributes:
        image: uint8 (H, W, 3) RGB.
        owner: uint8 (H, W), 1-based number of the object that is visible there, 0 for none.
        areas: Pixels that each object would cover if nothing hid it.
        specs: What each object is.
    """

    image: np.ndarray
    owner: np.ndarray
    areas: list[float] = field(default_factory=list)
    specs: list[ObjectSpec] = field(default_factory=list)

    def paste(
        self,
        sprite: np.ndarray,
        left: int,
        top: int,
        spec: ObjectSpec,
        *,
        hide: float,
        shadow: Shadow | None = None,
    ) -> bool:
        """Lays a sprite on the image unless it, or anything below it, would be hidden too much.

        Args:
            sprite: uint8 (h, w, 4) RGBA, colour premultiplied by alpha.
            left: Column of its left edge; may lie outside.
            top: Row of its top edge; may lie outside.
            spec: What it is.
            hide: Largest part of any other object that it may newly cover.
            shadow: The shadow it casts; None for none.

        Returns:
            Whether it was laid down.
        """
        inside = self._overlap(sprite, left, top)
        alpha = sprite[..., 3]
        area = float(np.count_nonzero(alpha > 127))
        if inside is None or area < 60:
            return False
        place, part = inside
        opaque = alpha[part] > 127
        if np.count_nonzero(opaque) < 0.75 * area or self._hides(self.owner[place][opaque], hide):
            return False
        if shadow is not None:
            self._shade(sprite, left + shadow.right, top + shadow.down, shadow.strength)
        ground = self.image[place]
        rest = cv2.bitwise_not(np.ascontiguousarray(alpha[part]))
        np.add(
            cv2.multiply(ground, cv2.merge((rest, rest, rest)), scale=1 / 255),
            sprite[part][..., :3],
            out=ground,
        )
        self.areas.append(area)
        self.specs.append(spec)
        self.owner[place][opaque] = len(self.areas)
        return True

    def _overlap(self, sprite: np.ndarray, left: int, top: int) -> tuple[_Slices, _Slices] | None:
        """Where on the image a sprite falls, and which part of the sprite that is; None when it misses."""
        rows, columns = self.owner.shape
        y0, y1 = max(top, 0), min(top + sprite.shape[0], rows)
        x0, x1 = max(left, 0), min(left + sprite.shape[1], columns)
        if y0 >= y1 or x0 >= x1:
            return None
        return np.s_[y0:y1, x0:x1], np.s_[y0 - top : y1 - top, x0 - left : x1 - left]

    def _hides(self, below: np.ndarray, most: float) -> bool:
        """Whether covering these pixels, given by who owns them, hides too much of any object."""
        covered = np.bincount(below, minlength=len(self.areas) + 1)[1:]
        if not covered.any():
            return False
        areas = np.array(self.areas)
        visible = np.bincount(self.owner.ravel(), minlength=len(areas) + 1)[1:]
        harmed = (covered > most * areas) | (visible - covered < _LEAST_VISIBLE * areas)
        return bool((harmed & (covered > 0)).any())

    def _shade(self, sprite: np.ndarray, left: int, top: int, strength: float) -> None:
        wide = cv2.copyMakeBorder(sprite[..., 3], 8, 8, 8, 8, cv2.BORDER_CONSTANT)
        shadow = cv2.blur(wide, (9, 9))
        inside = self._overlap(shadow, left - 8, top - 8)
        if inside is None:
            return
        place, part = inside
        keep = cv2.convertScaleAbs(shadow[part], alpha=-strength, beta=255)
        ground = self.image[place]
        ground[:] = cv2.multiply(ground, cv2.merge((keep, keep, keep)), scale=1 / 255)
