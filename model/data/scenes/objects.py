"""Named objects in an image: their place, their visible part as a target, and the order they are read in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.data.schema import Target
from molmo_act._optional import lazy_import
from molmo_act.errors import InputError

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")


@dataclass(frozen=True, eq=False)
class SceneObject:
    """One named object in an image.

    Attributes:
        noun: "mug", "circle".
        colour: Name of its colour; None when nobody could say for sure.
        is_shape: Whether it is a geometric shape.
        target: Where it is visible.
        area: Pixels it covers, hidden ones included; sizes are compared by it. In a room: those it would
            cover if everything were equally far from the camera.
        stands: (x, y) image pixels where it stands, which may be hidden; sides and relations are judged by
            it. None in a flat image, where they are judged by the target.
    """

    noun: str
    colour: str | None
    is_shape: bool
    target: Target
    area: float
    stands: tuple[float, float] | None = None

    @property
    def place(self) -> tuple[float, float]:
        """(x, y) image pixels by which sides and relations are judged."""
        return self.stands or self.target.point

    @property
    def phrase(self) -> str:
        """Colour and noun as far as known: "red circle"."""
        return f"{self.colour} {self.noun}" if self.colour else self.noun


def by_noun(objects: list[SceneObject]) -> dict[str, list[SceneObject]]:
    """Groups objects by their noun.

    Args:
        objects: The objects of an image.

    Returns:
        Noun → its objects, in the order of the first of each.
    """
    groups: dict[str, list[SceneObject]] = {}
    for obj in objects:
        groups.setdefault(obj.noun, []).append(obj)
    return groups


def reading_order(objects: list[SceneObject], height: int) -> tuple[str, ...]:
    """Lists the names of objects row by row, left to right in a row.

    Args:
        objects: The objects of an image.
        height: Height of the image, pixels; a row is a fifth of it.

    Returns:
        The phrase of each object.
    """
    band = max(height / 5, 1.0)
    order = sorted(objects, key=lambda obj: (int(obj.target.point[1] / band), obj.target.point[0]))
    return tuple(obj.phrase for obj in order)


def visible_target(mask: np.ndarray, left: int, top: int) -> Target:
    """Makes the target of an object's visible part, with a point on it near its centre.

    Args:
        mask: bool (h, w), what is visible of it; at least one pixel.
        left: Image column of the mask's first column.
        top: Image row of the mask's first row.

    Returns:
        Its tight box, its mask, and the centre of its largest connected part, moved onto the object when the
        centre lies in a hole or at the rim.
    """
    opaque = mask.astype(np.uint8)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(opaque, connectivity=8)
    part = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if count > 2 else 1
    x, y = round(float(centres[part][0])), round(float(centres[part][1]))
    if count > 2:
        opaque = (labels == part).astype(np.uint8)
    if not opaque[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3].all():
        depth = cv2.distanceTransform(
            cv2.copyMakeBorder(opaque, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3
        )
        rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
        away = np.hypot(rows - centres[part][1], columns - centres[part][0])
        inside = np.minimum(depth[1:-1, 1:-1], 4.0) * 2.0 - 0.7 * away
        inside[opaque == 0] = -np.inf
        y, x = (int(i) for i in np.unravel_index(int(np.argmax(inside)), inside.shape))
    used_rows, used_columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    y0, y1 = int(used_rows[0]), int(used_rows[-1]) + 1
    x0, x1 = int(used_columns[0]), int(used_columns[-1]) + 1
    box = (float(left + x0), float(top + y0), float(left + x1), float(top + y1))
    return Target((left + x + 0.5, top + y + 0.5), box, mask[y0:y1, x0:x1].copy())


def centre_of_largest(mask: np.ndarray) -> tuple[float, float]:
    """Computes the mean of the largest connected part of a mask, moved onto it where it lies outside.

    It is the point of a tracked object in MolmoPoint's synthetic tracks.

    Args:
        mask: bool (H, W).

    Returns:
        (x, y) in pixels of the mask, pixel centres at +0.5.

    Raises:
        InputError: The mask is empty.
    """
    if not mask.any():
        raise InputError("The mask is empty; expected at least one pixel. Leave such objects out.")
    _, labels, about, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    largest = 1 + int(about[1:, cv2.CC_STAT_AREA].argmax())
    rows, columns = np.nonzero(labels == largest)
    inside = np.stack((columns, rows), axis=1) + 0.5
    x, y = inside[np.linalg.norm(inside - inside.mean(axis=0), axis=1).argmin()]
    mean_x, mean_y = inside.mean(axis=0)
    lies_inside = labels[int(mean_y), int(mean_x)] == largest
    return (float(mean_x), float(mean_y)) if lies_inside else (float(x), float(y))
