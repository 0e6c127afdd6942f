"""The distance of a pixel out of a depth image with holes, noise and edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from molmo_act.errors import ImageError
from molmo_act_ros.conversions.compressed_depth import decompress_depth
from molmo_act_ros.conversions.images import image_rows

if TYPE_CHECKING:
    from sensor_msgs.msg import CompressedImage, Image

_SHARE = 0.2  # of the measured pixels, that a surface must have to count
_SIGMA_OF_MAD = 1.4826  # standard deviation of a normal distribution over its median absolute deviation


class _Encoding(NamedTuple):
    """How numbers of a depth image are stored, and whether they are steps of a unit."""

    kind: str
    has_steps: bool


_ENCODINGS = {"16UC1": _Encoding("u2", True), "32FC1": _Encoding("f4", False)}


@dataclass(frozen=True)
class DepthMeasurement:
    """The distance of one pixel.

    Attributes:
        metres: Along the optical axis.
        deviation: Standard deviation of the depths it comes from, in metres.
    """

    metres: float
    deviation: float


@dataclass(frozen=True)
class DepthLimits:
    """Which depths are believed, and which belong to one surface.

    Attributes:
        radius: Pixels around the pixel that are read, in each direction.
        nearest: Metres below which depth is not believed.
        farthest: Metres above which depth is not believed.
        edge: Where the depths around a pixel, in order, leap by more than this share, another surface begins.
    """

    radius: int
    nearest: float
    farthest: float
    edge: float


class NoDepthError(Exception):
    """A pixel has no depth; the text says why: "missing" or "out of range"."""


class DepthImage:
    """A depth image as it came; only the windows that are measured are converted to metres.

    Args:
        message: sensor_msgs/Image: 16UC1 steps, 0 where nothing was measured, or 32FC1 metres, NaN where
            nothing was measured, infinite where it was too near or too far (REP 118). Or a CompressedImage of
            the transport compressedDepth.
        unit: Metres of one step of 16UC1; a millimetre by REP 118.

    Raises:
        ImageError: The message is not such an image.
    """

    def __init__(self, message: Image | CompressedImage, unit: float = 0.001) -> None:
        if not hasattr(message, "encoding"):
            self._numbers = decompress_depth(message)
            self.step = unit if self._numbers.dtype == np.uint16 else 0.0
            return
        if message.encoding not in _ENCODINGS:
            raise ImageError(
                f"Depth has encoding {message.encoding!r}; expected 16UC1 (millimetres) or 32FC1 (metres)."
            )
        kind, has_steps = _ENCODINGS[message.encoding]
        self.step = unit if has_steps else 0.0
        number = np.dtype(kind).newbyteorder(">" if message.is_bigendian else "<")
        self._numbers = image_rows(message, 1, number.itemsize).view(number)[..., 0]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self._numbers.shape
        return width, height

    def measure(self, u: float, v: float, limits: DepthLimits) -> DepthMeasurement:
        """Measures the distance of what a pixel shows.

        Of the surfaces in the window around it the nearest counts, unless it is only a few pixels: a point
        is meant for an object, not for what is behind it. The inverse depth of a plane is linear in pixels,
        whatever its slope, and so a linear fit to the surface's inverse depths is read off at the pixel.

        Args:
            u: Column of the pixel, centres at whole numbers.
            v: Row of the pixel, centres at whole numbers.
            limits: Which depths are believed.

        Returns:
            The distance and its deviation.

        Raises:
            NoDepthError: Nothing was measured there, or nothing within the limits.
        """
        du, dv, depths = self._window(u, v, limits)
        surface = _nearest_surface(depths, limits.edge)
        du, dv, depths = du[surface], dv[surface], depths[surface]
        inverse, deviation = _read_off(du, dv, 1 / depths)
        metres = 1 / inverse
        # The error of 1 / z is that of z over z²; a number that comes in steps is off by its share of one.
        return DepthMeasurement(metres, float(np.hypot(deviation * metres**2, self.step / np.sqrt(12))))

    def _window(self, u: float, v: float, limits: DepthLimits) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Offsets from the pixel and metres of the measured pixels around it."""
        width, height = self.size
        if not (-0.5 <= u < width - 0.5 and -0.5 <= v < height - 0.5):  # nor is NaN
            raise NoDepthError("missing")
        column, row, radius = math.floor(u + 0.5), math.floor(v + 0.5), limits.radius
        top, left = max(0, row - radius), max(0, column - radius)
        part = self._numbers[top : row + radius + 1, left : column + radius + 1].astype(np.float64)
        if self.step:
            part = np.where(part > 0, part * self.step, np.nan)
        rows, columns = np.nonzero((part > 0) & (part >= limits.nearest) & (part <= limits.farthest))
        if not len(rows):
            # Drivers write 0 into holes of 32FC1, too, whatever REP 118 says.
            raise NoDepthError("out of range" if (~np.isnan(part) & (part != 0)).any() else "missing")
        return columns + left - u, rows + top - v, part[rows, columns]


def _nearest_surface(depths: np.ndarray, edge: float) -> np.ndarray:
    """Which of the depths belong to the nearest surface that is more than a few pixels."""
    order = np.argsort(depths)
    leaps = np.flatnonzero(np.diff(depths[order]) > edge * depths[order][:-1])
    surfaces = np.split(order, leaps + 1)
    enough = max(3, _SHARE * len(depths))
    return next((s for s in surfaces if len(s) >= enough), max(surfaces, key=len))


def _read_off(du: np.ndarray, dv: np.ndarray, inverse: np.ndarray) -> tuple[float, float]:
    """Inverse depth at offset zero by a linear fit without outliers, and the deviation from the fit."""
    terms = np.column_stack([np.ones_like(du), du, dv])
    kept = np.ones(len(inverse), bool)
    for _ in range(2):
        if kept.sum() < 6 or np.linalg.matrix_rank(terms[kept]) < 3:
            kept = np.ones(len(inverse), bool)
            middle = float(np.median(inverse))
            return middle, _spread(inverse - middle)
        fit = np.linalg.lstsq(terms[kept], inverse[kept], rcond=None)[0]
        errors = inverse - terms @ fit
        kept = np.abs(errors) <= 3 * _spread(errors[kept]) + 1e-12
    slope = abs(fit[1]) + abs(fit[2])  # of one pixel: a surface that ends farther away is not prolonged
    least = max(inverse.min() - slope, inverse.min() / 2)  # above 0, which is at infinity
    within = np.clip(fit[0], least, inverse.max() + slope)
    return float(within), _spread(errors[kept])


def _spread(errors: np.ndarray) -> float:
    return float(_SIGMA_OF_MAD * np.median(np.abs(errors)))
