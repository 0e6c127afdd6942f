"""The camera's optics out of a CameraInfo: pixels to rays and back; needs OpenCV, knows no depth and no ROS.

Pixels have their centres at +0.5, as everywhere in this project. CameraInfo has them at whole numbers; this
is the one place that shifts between the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from molmo_act.errors import InputError

#: How many distortion coefficients each model of CameraInfo may have.
_COEFFICIENTS = {"plumb_bob": (0, 4, 5), "rational_polynomial": (8, 12, 14), "equidistant": (4,), "": (0,)}

_ROUNDS = 20  # of undoing the distortion
_TOLERANCE_PX = 0.02  # where a ray does not lead back to its pixel, the model does not hold


@dataclass(frozen=True, eq=False)
class CameraModel:
    """A pinhole with a distorting lens.

    Attributes:
        size: (width, height) of the picture in pixels.
        matrix: float64 (3, 3), for pixel centres at whole numbers.
        distortion: float64 coefficients, in OpenCV's order.
        fisheye: Whether they are those of the equidistant model.
    """

    size: tuple[int, int]
    matrix: np.ndarray
    distortion: np.ndarray
    fisheye: bool

    @classmethod
    def of(cls, info: Any, *, rectified: bool = False) -> CameraModel:
        """From a sensor_msgs/CameraInfo.

        Args:
            info: Models plumb_bob, rational_polynomial and equidistant; binning and region of interest count.
            rectified: The picture is without distortion: its matrix is in P, not in K.

        Raises:
            InputError: The camera is not calibrated, or its model is another.
        """
        matrix = np.array(info.p).reshape(3, 4)[:, :3] if rectified else np.array(info.k).reshape(3, 3)
        if not np.isfinite(matrix).all() or matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
            raise InputError(
                f"CameraInfo of {info.header.frame_id!r} has focal lengths {matrix[0, 0]:g} and "
                f"{matrix[1, 1]:g}; expected numbers above 0. Calibrate the camera."
            )
        model, coefficients = info.distortion_model, np.array(info.d, dtype=np.float64)
        if rectified:
            model, coefficients = "", coefficients[:0]
        if len(coefficients) not in _COEFFICIENTS.get(model, ()) or not np.isfinite(coefficients).all():
            raise InputError(
                f"CameraInfo has distortion model {model!r} with {len(coefficients)} coefficients; expected "
                "plumb_bob with 4 or 5, rational_polynomial with 8, 12 or 14, or equidistant with 4."
            )
        size, matrix = _as_sent(info, matrix)
        return cls(size, matrix, coefficients, model == "equidistant")

    @property
    def focal(self) -> np.ndarray:
        """(fx, fy) in pixels."""
        return self.matrix[[0, 1], [0, 1]]

    def rays(self, uv: np.ndarray) -> np.ndarray:
        """Directions of pixels in the optical frame (x right, y down, z forward).

        Args:
            uv: (N, 2) pixels, centres at +0.5.

        Returns:
            float64 (N, 3) with z = 1; NaN where the lens model does not reach.
        """
        seen = self._undistorted_by_matrix(np.asarray(uv, np.float64) - 0.5)
        flat = self._first_guess(seen)
        for _ in range(_ROUNDS):  # OpenCV's own rounds end at some 0.01 px, and versions differ
            flat = flat + seen - self._distorted(flat)
        error = np.abs((self._distorted(flat) - seen) * self.focal).max(axis=1, initial=0)
        flat[~(error < _TOLERANCE_PX)] = np.nan
        return np.column_stack([flat, np.ones(len(flat))])

    def project(self, xyz: np.ndarray) -> np.ndarray:
        """Pixels (N, 2), centres at +0.5, of points (N, 3) in front of the camera."""
        xyz = np.asarray(xyz, np.float64)
        distorted = self._distorted(xyz[:, :2] / xyz[:, 2:])
        return distorted @ self.matrix[:2, :2].T + self.matrix[:2, 2] + 0.5

    def _undistorted_by_matrix(self, centred: np.ndarray) -> np.ndarray:
        return (centred - self.matrix[:2, 2]) @ np.linalg.inv(self.matrix[:2, :2]).T

    def _first_guess(self, seen: np.ndarray) -> np.ndarray:
        if not len(self.distortion) or not len(seen):
            return seen
        undistort = cv2.fisheye.undistortPoints if self.fisheye else cv2.undistortPoints
        guess = undistort(seen[:, None].copy(), np.eye(3), self.distortion)[:, 0]
        return np.where(np.abs(guess) < 1e3, guess, seen)  # OpenCV marks what it cannot undo by -1e6

    def _distorted(self, flat: np.ndarray) -> np.ndarray:
        """Where rays (N, 2) at z = 1 arrive, before the matrix."""
        if not len(self.distortion) or not len(flat):
            return flat
        if self.fisheye:
            return cv2.fisheye.distortPoints(flat[:, None].copy(), np.eye(3), self.distortion)[:, 0]
        space = np.column_stack([flat, np.ones(len(flat))])
        nowhere = np.zeros(3)
        return cv2.projectPoints(space, nowhere, nowhere, np.eye(3), self.distortion)[0][:, 0]


def _as_sent(info: Any, matrix: np.ndarray) -> tuple[tuple[int, int], np.ndarray]:
    """Size and matrix of the picture as it is sent: a region of the full one, binned."""
    region = info.roi
    binning = np.array([max(1, info.binning_x), max(1, info.binning_y)])
    full = (region.width or info.width, region.height or info.height)
    corner = np.array([region.x_offset, region.y_offset])
    matrix = matrix.copy()
    # The corner of the first pixel is at -0.5 where centres are whole numbers.
    matrix[:2, 2] = (matrix[:2, 2] + 0.5 - corner) / binning - 0.5
    matrix[:2, :2] /= binning[:, None]
    return (int(full[0] // binning[0]), int(full[1] // binning[1])), matrix
