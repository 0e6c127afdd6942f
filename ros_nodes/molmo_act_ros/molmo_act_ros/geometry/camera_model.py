"""The camera's optics out of a CameraInfo: pixels to rays and back.

Pixels are those of messages and of OpenCV: their centres are at whole numbers. image_geometry, which does the
same with OpenCV, is not on PyPI.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.errors import InputError

if TYPE_CHECKING:
    from types import ModuleType

    from sensor_msgs.msg import CameraInfo

#: How many distortion coefficients each model of CameraInfo may have.
_COEFFICIENTS = {"plumb_bob": (0, 4, 5), "rational_polynomial": (8, 12, 14), "equidistant": (4,), "": (0,)}

_ROUNDS = 20  # of undoing the distortion
_TOLERANCE_PX = 0.02  # where a ray leads back to another pixel, the lens model does not hold


@dataclass(frozen=True, eq=False)
class CameraModel:
    """A pinhole with a distorting lens.

    Attributes:
        size: (width, height) of the image in pixels.
        matrix: float64 (3, 3), for pixel centres at whole numbers.
        distortion: float64 coefficients, in OpenCV's order.
        fisheye: Whether they are those of the equidistant model.
    """

    size: tuple[int, int]
    matrix: np.ndarray
    distortion: np.ndarray
    fisheye: bool

    @classmethod
    def of(cls, info: CameraInfo, *, rectified: bool = False) -> CameraModel:
        """Reads a sensor_msgs/CameraInfo.

        Args:
            info: Models plumb_bob, rational_polynomial and equidistant; binning and region of interest count.
            rectified: The image is without distortion: its matrix is in P, not in K.

        Returns:
            The camera of the image as it is sent.

        Raises:
            InputError: The camera is not calibrated, or its model is another.
        """
        matrix = np.array(info.p).reshape(3, 4)[:, :3] if rectified else np.array(info.k).reshape(3, 3)
        used = "P" if rectified else "K"
        if not np.isfinite(matrix).all():
            raise InputError(f"CameraInfo has numbers in {used} that are not finite. Calibrate the camera.")
        if rectified and (info.p[3] or info.p[7]):  # NaN is none, either
            raise InputError(
                f"P of CameraInfo has Tx {info.p[3]:g} and Ty {info.p[7]:g}: it is of the second camera of a "
                "stereo pair, and does not say of which camera its frame is. Use the first one, or "
                "publish a camera_info with Tx and Ty of 0 and the frame of this camera."
            )
        if matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
            raise InputError(
                f"CameraInfo of {info.header.frame_id!r} has focal lengths {matrix[0, 0]:g} and "
                f"{matrix[1, 1]:g}; expected numbers above 0. Calibrate the camera."
            )
        model, coefficients = info.distortion_model, np.array(info.d, dtype=np.float64)
        if rectified:
            model, coefficients = "", coefficients[:0]
        if not np.isfinite(coefficients).all():
            raise InputError("CameraInfo has distortion coefficients that are not finite. Calibrate it.")
        if len(coefficients) not in _COEFFICIENTS.get(model, ()):
            raise InputError(
                f"CameraInfo has distortion model {model!r} with {len(coefficients)} coefficients; expected "
                "plumb_bob with 4 or 5, rational_polynomial with 8, 12 or 14, or equidistant with 4."
            )
        size, matrix = _as_sent(info, matrix)
        return cls(size, matrix, coefficients, model == "equidistant")

    @property
    def focal(self) -> np.ndarray:
        """Focal lengths (fx, fy) in pixels."""
        return self.matrix[[0, 1], [0, 1]]

    @property
    def doubt(self) -> str:
        """Why the calibration may be of another resolution than the image; empty without a reason."""
        (cx, cy), (width, height) = self.matrix[:2, 2], self.size
        if -0.5 <= cx <= width - 0.5 and -0.5 <= cy <= height - 0.5:
            return ""
        return (
            f"camera_info has its principal point at ({cx:.0f}, {cy:.0f}), outside of its image of "
            f"{width} × {height} pixels. Is it calibrated at this resolution? If not, positions are wrong."
        )

    def rays(self, uv: np.ndarray) -> np.ndarray:
        """Finds the directions of pixels in the optical frame (x right, y down, z forward).

        Args:
            uv: (N, 2) pixels, centres at whole numbers.

        Returns:
            float64 (N, 3) with z = 1; NaN where the lens model does not hold.

        Raises:
            MissingExtraError: The lens distorts, and OpenCV is not installed.
        """
        seen = self._undistorted_by_matrix(np.asarray(uv, np.float64))
        flat = self._first_guess(seen)
        for _ in range(_ROUNDS):  # OpenCV's own rounds end at some 0.01 px, and versions differ
            flat = flat + seen - self._distorted(flat)
        error = np.abs((self._distorted(flat) - seen) * self.focal).max(axis=1, initial=0)
        flat[~(error < _TOLERANCE_PX)] = np.nan
        return np.column_stack([flat, np.ones(len(flat))])

    def project(self, xyz: np.ndarray) -> np.ndarray:
        """Finds the pixels of points in front of the camera.

        Args:
            xyz: (N, 3) metres in the optical frame.

        Returns:
            float64 (N, 2) pixels, centres at whole numbers.

        Raises:
            MissingExtraError: The lens distorts, and OpenCV is not installed.
        """
        xyz = np.asarray(xyz, np.float64)
        distorted = self._distorted(xyz[:, :2] / xyz[:, 2:])
        return distorted @ self.matrix[:2, :2].T + self.matrix[:2, 2]

    def _undistorted_by_matrix(self, centred: np.ndarray) -> np.ndarray:
        return (centred - self.matrix[:2, 2]) @ np.linalg.inv(self.matrix[:2, :2]).T

    def _first_guess(self, seen: np.ndarray) -> np.ndarray:
        if not len(self.distortion) or not len(seen):
            return seen
        cv2 = _opencv()
        undistort = cv2.fisheye.undistortPoints if self.fisheye else cv2.undistortPoints
        guess = undistort(seen[:, None].copy(), np.eye(3), self.distortion)[:, 0]
        return np.where(np.abs(guess) < 1e3, guess, seen)  # OpenCV marks what it cannot undo by -1e6

    def _distorted(self, flat: np.ndarray) -> np.ndarray:
        """Where rays (N, 2) at z = 1 arrive, before the matrix."""
        if not len(self.distortion) or not len(flat):
            return flat
        cv2 = _opencv()
        if self.fisheye:
            return cv2.fisheye.distortPoints(flat[:, None].copy(), np.eye(3), self.distortion)[:, 0]
        space = np.column_stack([flat, np.ones(len(flat))])
        nowhere = np.zeros(3)
        return cv2.projectPoints(space, nowhere, nowhere, np.eye(3), self.distortion)[0][:, 0]


def _opencv() -> ModuleType:
    return import_optional("cv2", extra="ros", purpose="a camera with distortion")


def _as_sent(info: CameraInfo, matrix: np.ndarray) -> tuple[tuple[int, int], np.ndarray]:
    """Size and matrix of the image as it is sent: a region of the full one, binned."""
    region = info.roi
    binning = np.array([max(1, info.binning_x), max(1, info.binning_y)])
    full = (region.width or info.width, region.height or info.height)
    corner = np.array([region.x_offset, region.y_offset])
    matrix = matrix.copy()
    # The corner of the first pixel is at -0.5 where centres are whole numbers.
    matrix[:2, 2] = (matrix[:2, 2] + 0.5 - corner) / binning - 0.5
    matrix[:2, :2] /= binning[:, None]
    return (int(full[0] // binning[0]), int(full[1] // binning[1])), matrix
