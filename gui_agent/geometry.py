"""Rectangles of the desktop, and the one conversion between pixels of a screenshot and input points.

Two spaces, both with x to the right and y down, both continuous:

- *pixels of a screenshot*: origin at its top-left corner, pixel centres at +0.5;
- *input points*: what mouse positions are counted in. The mouse point (3, 5) covers [3, 4) × [5, 6). The
  origin belongs to the desktop, so a monitor left of it has negative points.

They differ in scale (a high-density screen has several pixels for each input point) and in origin (a
screenshot of one monitor starts at that monitor's corner).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

from molmo_act.errors import InputError, PlatformError


@dataclass(frozen=True)
class Area:
    """A rectangle of the desktop, in input points.

    Attributes:
        left: x of its left edge; may be negative.
        top: y of its top edge; may be negative.
        width: Extent to the right, above 0.
        height: Extent downwards, above 0.

    Raises:
        InputError: The width or the height is not positive.
    """

    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        sides = (self.left, self.top, self.width, self.height)
        if not all(isinstance(side, Real) and math.isfinite(side) for side in sides):
            raise InputError(f"An area of the screen needs four finite numbers, got {sides}.")
        if not (self.width > 0 and self.height > 0):
            raise InputError(f"An area of the screen needs a positive width and height, got {self}.")

    def __str__(self) -> str:
        return f"{self.width:g}×{self.height:g} at ({self.left:g}, {self.top:g})"

    @property
    def middle(self) -> tuple[float, float]:
        """(x, y) of its centre."""
        return self.left + self.width / 2, self.top + self.height / 2

    def covers(self, x: float, y: float) -> bool:
        """Whether a place lies in it; the right and bottom edges do not belong to it.

        Args:
            x: In input points from the left edge of the desktop.
            y: In input points from the top edge of the desktop.

        Returns:
            Whether it does.
        """
        return self.left <= x < self.left + self.width and self.top <= y < self.top + self.height

    def shared_with(self, other: Area) -> Area | None:
        """The rectangle that this area and another both cover.

        Args:
            other: The other area, in input points.

        Returns:
            The shared rectangle; None where they do not overlap.
        """
        left, top = max(self.left, other.left), max(self.top, other.top)
        right = min(self.left + self.width, other.left + other.width)
        bottom = min(self.top + self.height, other.top + other.height)
        return Area(left, top, right - left, bottom - top) if left < right and top < bottom else None


@dataclass(frozen=True)
class ScreenView:
    """Which part of the desktop a screenshot shows.

    Attributes:
        size: (width, height) of the screenshot in pixels.
        area: The same part in input points.

    Example:
        >>> view = ScreenView(size=(2560, 1600), area=Area(-1280, 0, 1280, 800))  # a 2x monitor on the left
        >>> view.to_input(1001.0, 51.0)
        (-779.5, 25.5)
        >>> view.mouse_point(1001.0, 51.0)
        (-780, 25)
        >>> view.to_pixels(-779.5, 25.5)
        (1001.0, 51.0)
    """

    size: tuple[int, int]
    area: Area

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels per input point, along x and along y."""
        return self.size[0] / self.area.width, self.size[1] / self.area.height

    def to_input(self, x: float, y: float) -> tuple[float, float]:
        """Converts a place from pixels of the screenshot to input points.

        Args:
            x: Pixels from the left edge of the screenshot.
            y: Pixels from its top edge.

        Returns:
            (x, y) in input points of the desktop.
        """
        scale_x, scale_y = self.scale
        return self.area.left + x / scale_x, self.area.top + y / scale_y

    def to_pixels(self, x: float, y: float) -> tuple[float, float]:
        """Converts a place from input points to pixels of the screenshot.

        Args:
            x: Input points from the left edge of the desktop.
            y: Input points from its top edge.

        Returns:
            (x, y) in pixels of the screenshot; outside it where the area does not cover the place.
        """
        scale_x, scale_y = self.scale
        return (x - self.area.left) * scale_x, (y - self.area.top) * scale_y

    def mouse_point(self, x: float, y: float) -> tuple[int, int]:
        """Finds the mouse position that covers a place of the screenshot.

        Args:
            x: Pixels from the left edge, 0 ≤ x ≤ width; the right edge belongs to the last mouse point.
            y: Pixels from the top edge, 0 ≤ y ≤ height; the bottom edge belongs to the last mouse point.

        Returns:
            (x, y) in whole input points of the desktop.

        Raises:
            InputError: The place lies outside the screenshot.
        """
        width, height = self.size
        if not (0 <= x <= width and 0 <= y <= height):
            raise InputError(f"({x:g}, {y:g}) lies outside the screenshot of {width}×{height} pixels.")
        input_x, input_y = self.to_input(x, y)
        last_x = math.ceil(self.area.left + self.area.width) - 1
        last_y = math.ceil(self.area.top + self.area.height) - 1
        return min(math.floor(input_x), last_x), min(math.floor(input_y), last_y)


def input_area(area: Area, monitors: list[Area], input_size: tuple[int, int]) -> Area:
    """Converts an area from the units of the capture library to input points.

    The capture and the input library may count the same monitor differently (one is aware of high-density
    screens, the other is not). Both know the monitor at the origin, which gives the ratio.

    Args:
        area: The area in capture units.
        monitors: All areas the capture library knows: the whole desktop and each monitor, in capture units.
        input_size: (width, height) in input points of the screen at the origin, as the input library has it
            (the primary monitor; on X11 the whole desktop).

    Returns:
        The same area in input points.

    Raises:
        PlatformError: No area at the origin has the shape that the input library reports.
    """
    width, height = input_size
    for reference in monitors:
        if (reference.left, reference.top) != (0, 0):
            continue
        ratio = reference.width / width
        if abs(reference.height / ratio - height) <= 1:
            return Area(area.left / ratio, area.top / ratio, area.width / ratio, area.height / ratio)
    shapes = ", ".join(map(str, monitors))
    raise PlatformError(
        f"Capture and input disagree about the screen: input spans {width}×{height}, capture sees {shapes}. "
        "If the screen has just been resized, start again; two programs may be using different displays."
    )
