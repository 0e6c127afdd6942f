"""What a pinhole camera sees of meshes: projection, rays and silhouettes.

The world is in metres with z upwards. Pixels have their origin at the top left, their centres at +0.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from molmo_act._optional import lazy_import

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

FINER = 4  # silhouettes are drawn with so many pixels to one of the image, along each side
_SHIFT = 3  # binary digits of a pixel that corners of silhouettes are rounded to


@dataclass(frozen=True, eq=False)
class Camera:
    """Where a camera is and how it sees.

    Attributes:
        pose: float (4, 4), camera to world; the camera looks along its -z, its y is up.
        focal: Focal length in pixels.
        size: (width, height) of the image; the optical axis goes through its middle.
    """

    pose: np.ndarray
    focal: float
    size: tuple[int, int]

    @classmethod
    def looking(
        cls, at: np.ndarray, eye: np.ndarray, focal: float, size: tuple[int, int], roll: float = 0.0
    ) -> Camera:
        """Makes a camera that looks at a point.

        Args:
            at: (3,) the point, metres.
            eye: (3,) where the camera is, metres.
            focal: Focal length in pixels.
            size: (width, height) of the image.
            roll: Radians by which it is turned around its axis.

        Returns:
            The camera.
        """
        back = (eye - at) / np.linalg.norm(eye - at)
        right = np.cross((0.0, 0.0, 1.0), back)
        right /= np.linalg.norm(right)
        up = np.cross(back, right)
        turned = np.cos(roll) * right + np.sin(roll) * up, np.cos(roll) * up - np.sin(roll) * right
        pose = np.eye(4)
        pose[:3] = np.column_stack((*turned, back, eye))
        return cls(pose, focal, size)

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Projects points of the world.

        Args:
            points: float (N, 3), metres.

        Returns:
            Pixels (N, 2), and depths (N,): metres along the optical axis.
        """
        seen = (points - self.pose[:3, 3]) @ self.pose[:3, :3]
        depth = -seen[:, 2]
        middle = np.array(self.size) / 2
        return middle + self.focal * seen[:, :2] * (1, -1) / depth[:, None], depth

    def on_ground(self, x: float, y: float, height: float = 0.0) -> np.ndarray | None:
        """Intersects the ray through a pixel with a level plane.

        Args:
            x: Column in pixels.
            y: Row in pixels.
            height: z of the plane, metres.

        Returns:
            float (3,), metres; None when the ray does not meet the plane.
        """
        width, rows = self.size
        ray = self.pose[:3, :3] @ np.array([(x - width / 2) / self.focal, (rows / 2 - y) / self.focal, -1.0])
        eye = self.pose[:3, 3]
        if ray[2] >= -1e-6:
            return None
        return np.asarray(eye + ray * (height - eye[2]) / ray[2])


@dataclass(frozen=True, eq=False)
class Silhouette:
    """What an object would cover if nothing stood before it, beyond the image's edges too.

    Attributes:
        mask: bool (h, w), image pixels.
        left: Image column of the mask's first column; may be negative.
        top: Image row of the mask's first row; may be negative.
        area: Area in pixels, finer than the mask can tell.
    """

    mask: np.ndarray
    left: int
    top: int
    area: float

    def within(self, size: tuple[int, int]) -> np.ndarray:
        """Cuts out the part that lies in the image.

        Args:
            size: (width, height) of the image.

        Returns:
            bool (H, W).
        """
        width, height = size
        found = np.zeros((height, width), bool)
        y0, y1 = max(self.top, 0), min(self.top + self.mask.shape[0], height)
        x0, x1 = max(self.left, 0), min(self.left + self.mask.shape[1], width)
        if y0 < y1 and x0 < x1:
            found[y0:y1, x0:x1] = self.mask[y0 - self.top : y1 - self.top, x0 - self.left : x1 - self.left]
        return found


def silhouette(camera: Camera, meshes: Iterable[tuple[np.ndarray, Iterable[tuple[int, ...]]]]) -> Silhouette:
    """Draws the silhouette of meshes.

    Args:
        camera: What sees them.
        meshes: Vertices (V, 3) in the world and faces of each mesh, all of them before the camera.

    Returns:
        Their common silhouette.
    """
    flat = [(camera.project(vertices)[0], faces) for vertices, faces in meshes]
    corners = np.concatenate([points for points, _ in flat])
    left, top = (int(value) for value in np.floor(corners.min(axis=0)) - 1)
    width, height = (int(value) for value in np.ceil(corners.max(axis=0)) + 2 - (left, top))
    fine = np.zeros((height * FINER, width * FINER), np.uint8)
    for points, faces in flat:
        fixed = np.round(((points - (left, top)) * FINER - 0.5) * (1 << _SHIFT)).astype(np.int32)
        for face in faces:
            cv2.fillPoly(fine, [fixed[list(face)]], 1, cv2.LINE_8, _SHIFT)
    shares = fine.reshape(height, FINER, width, FINER).sum(axis=(1, 3))
    return Silhouette(shares * 2 > FINER * FINER, left, top, float(fine.sum()) / FINER**2)
