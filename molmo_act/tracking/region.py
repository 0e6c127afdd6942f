"""The region of one colour around a point: whether it ends nearby, where its centre is, and its outline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.tracking.appearance import flood_fill
from molmo_act.tracking.config import VIDEO_EXTRA
from molmo_act.tracking.frame_buffer import FlowFrame

REGION_REACH = 40  # pixels to every side of a point in which features are looked for
MIN_REGION_AREA = 80  # pixels of a region that is more than a spot of a texture
MIN_TEXTURE = 1e-5  # response of a corner, blurred, that is more than a camera's noise of 5 levels of 255
_MIN_SOLID = 0.4  # of a plain region is left when its edge is taken off; a texture's regions are thin
_RIM_WIDTH = 8  # pixels from the edge of a region that are brighter or darker for what lies beyond it
_MAX_BORDER = 0.5  # of the frame's border that a region touches; more, and it is the ground of other things
_TANGENT_PIXELS = 3  # along the outline to each side, over which its direction is compared
_MAX_TURN = 0.75  # cosine below which the outline has a corner there, whose direction is undefined


@dataclass(frozen=True, eq=False)
class Region:
    """The connected region that has about the colour of a point.

    Attributes:
        frame: The frame it lies on.
        mask: bool (h, w).
        left: Column of the mask's first pixel in the frame.
        top: Row of the mask's first pixel in the frame.
        whole: Whether the region ends within the mask.
    """

    frame: FlowFrame
    mask: np.ndarray
    left: int
    top: int
    whole: bool

    @classmethod
    def at(cls, frame: FlowFrame, xy: np.ndarray) -> Region:
        """Finds the region around a point.

        Args:
            frame: The frame.
            xy: (2,), the point, inside the frame.

        Returns:
            The region, cut off at `REGION_REACH` pixels from the point.
        """
        mask, left, top = flood_fill(frame.rgb, xy, reach=REGION_REACH)
        rim = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
        return cls(frame, mask, left, top, not any(side.any() for side in rim))

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(np.count_nonzero(self.mask))

    @property
    def centre(self) -> np.ndarray:
        """float64 (2,), the mean of its pixels' centres."""
        rows, columns = np.nonzero(self.mask)
        return np.array([columns.mean() + self.left + 0.5, rows.mean() + self.top + 0.5])

    @property
    def plain(self) -> bool:
        """Whether it is a solid area in which there is nothing that flow could hold on to."""
        cv2 = import_optional("cv2", **VIDEO_EXTRA)
        if self.area < MIN_REGION_AREA:
            return False
        mask = self.mask.astype(np.uint8)
        if np.count_nonzero(cv2.erode(mask, np.ones((5, 5), np.uint8))) < _MIN_SOLID * self.area:
            return False
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED)  # what lies within it belongs to it
        inner = cv2.erode(mask, np.ones((2 * _RIM_WIDTH + 1,) * 2, np.uint8))
        height, width = mask.shape
        grey = self.frame.grey[self.top : self.top + height, self.left : self.left + width]
        blurred = cv2.GaussianBlur(grey.astype(np.float32) / 255, (0, 0), 2)
        strongest = cv2.cornerMinEigenVal(blurred, 3)[inner > 0]
        return not strongest.size or float(strongest.max()) < MIN_TEXTURE


def outline(region: Region, xy: np.ndarray, *, gradual: bool = False) -> tuple[np.ndarray, np.ndarray, float]:
    """Finds where a region ends, as far as that is within the frame; it may be larger than `Region.mask`.

    Args:
        region: The region.
        xy: (2,), the point it was found at.
        gradual: Look for the region in which colours change only gradually, see `appearance.flood_fill`.

    Returns:
        float64 (N, 2), pixels on its outer edge; float64 (N, 2), the directions outwards there, of length 1;
        and how many pixels the edge may be off. None where the frame's border cuts the region off, nor at its
        corners; none at all for a region that is the ground of other things.
    """
    cv2 = import_optional("cv2", **VIDEO_EXTRA)
    mask, origin, step = region.mask, np.array([region.left, region.top]), np.ones(2)
    height, width = region.frame.grey.shape
    if gradual or _ends_at_reach(region):
        coarse = region.frame.coarse
        step = np.array([width / coarse.shape[1], height / coarse.shape[0]])
        mask, left, top = flood_fill(coarse, xy / step, gradual=gradual)
        origin = np.array([left, top])
        border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
        if border.mean() > _MAX_BORDER:
            return np.zeros((0, 2)), np.zeros((0, 2)), float(step.max())
    filled = mask.astype(np.uint8)
    outlines, _ = cv2.findContours(filled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    pixels = max(outlines, key=len)[:, 0]
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    slopes = [
        cv2.Sobel(filled, cv2.CV_32F, *axis, ksize=5, borderType=cv2.BORDER_REPLICATE)
        for axis in ((1, 0), (0, 1))
    ]
    outwards = -np.stack([slope[pixels[:, 1], pixels[:, 0]] for slope in slopes], axis=1).astype(np.float64)
    outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-6)
    places = (pixels + origin + 0.5) * step
    ends = (places > 1.5 * step).all(axis=1) & (places < (width, height) - 1.5 * step).all(axis=1)
    turns = np.roll(outwards, _TANGENT_PIXELS, 0) * np.roll(outwards, -_TANGENT_PIXELS, 0)
    straight = turns.sum(axis=1) > _MAX_TURN
    return places[ends & straight], outwards[ends & straight], float(step.max())


def _ends_at_reach(region: Region) -> bool:
    """Whether the mask cuts the region off, and not only the frame."""
    mask, (height, width) = region.mask, region.frame.grey.shape
    return bool(
        (region.left > 0 and mask[:, 0].any())
        or (region.top > 0 and mask[0].any())
        or (region.left + mask.shape[1] < width and mask[:, -1].any())
        or (region.top + mask.shape[0] < height and mask[-1].any())
    )
