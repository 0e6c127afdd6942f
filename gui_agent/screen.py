"""Screenshots, and the one conversion from pixels to input points; knows no capture or input library.

Two spaces, both with x to the right and y down, both continuous:

- *pixels of a screenshot*: origin at its top-left corner, pixel centres at +0.5;
- *input points*: what mouse positions are counted in. The mouse point (3, 5) covers [3, 4) × [5, 6). The
  origin belongs to the desktop, so a monitor left of it has negative points.

They differ in scale (a high-density screen has several pixels for each input point) and in origin (a
screenshot of one monitor starts at that monitor's corner).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from molmo_act.errors import InputError, PlatformError
from molmo_act.picture_files import save_picture


@dataclass(frozen=True)
class Area:
    """A rectangle of the desktop.

    Attributes:
        left: x of its left edge; may be negative.
        top: y of its top edge; may be negative.
        width: Extent to the right.
        height: Extent downwards.
    """

    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.height > 0):
            raise InputError(f"An area of the screen needs a positive width and height, got {self}.")

    def __str__(self) -> str:
        return f"{self.width:g}×{self.height:g} at ({self.left:g}, {self.top:g})"

    @property
    def middle(self) -> tuple[float, float]:
        """(x, y) of its centre."""
        return self.left + self.width / 2, self.top + self.height / 2

    def covers(self, x: float, y: float) -> bool:
        """Whether a place lies in it; the right and bottom edges do not belong to it."""
        return self.left <= x < self.left + self.width and self.top <= y < self.top + self.height

    def shared_with(self, other: Area) -> Area | None:
        """The part that both have; None if there is none."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right = min(self.left + self.width, other.left + other.width)
        bottom = min(self.top + self.height, other.top + other.height)
        return Area(left, top, right - left, bottom - top) if left < right and top < bottom else None


@dataclass(frozen=True)
class View:
    """Which part of the desktop a screenshot shows.

    Attributes:
        size: (width, height) of the screenshot in pixels.
        area: The same part in input points.

    Example:
        >>> view = View(size=(2560, 1600), area=Area(-1280, 0, 1280, 800))  # a 2x monitor on the left
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
        """Pixels of the screenshot to input points."""
        scale_x, scale_y = self.scale
        return self.area.left + x / scale_x, self.area.top + y / scale_y

    def to_pixels(self, x: float, y: float) -> tuple[float, float]:
        """Input points to pixels of the screenshot."""
        scale_x, scale_y = self.scale
        return (x - self.area.left) * scale_x, (y - self.area.top) * scale_y

    def mouse_point(self, x: float, y: float) -> tuple[int, int]:
        """The whole mouse point that covers a place of the screenshot.

        Args:
            x: Pixels from the left edge, 0 ≤ x ≤ width; the right edge belongs to the last mouse point.
            y: Pixels from the top edge, 0 ≤ y ≤ height; the bottom edge belongs to the last mouse point.

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


@dataclass(frozen=True, eq=False)
class Screenshot:
    """What was on the screen, and where that part of the screen is.

    Attributes:
        bgrx: uint8 (height, width, 4), read-only: blue, green, red and a byte without meaning, as screens are
            captured.
        view: Which part of the desktop the pixels show.
        time: When it had been taken, in seconds of ``time.monotonic()``.
        hidden: Parts, in input points, that no picture made of this may show, since a secret was typed there.
    """

    bgrx: np.ndarray = field(repr=False)
    view: View
    time: float
    hidden: tuple[Area, ...] = ()

    @cached_property
    def pixels(self) -> np.ndarray:
        """uint8 RGB (height, width, 3), read-only; hidden parts are black."""
        pixels = np.asarray(self.to_image())
        pixels.setflags(write=False)
        return pixels

    def to_image(self) -> Image.Image:
        """A picture of its own, RGB; hidden parts are black."""
        picture = self.to_uncensored_image()
        for area in self.hidden:
            if (shared := area.shared_with(self.view.area)) is not None:
                picture.paste((0, 0, 0), self.pixel_box(shared))
        return picture

    def to_uncensored_image(self) -> Image.Image:
        """A picture of its own, RGB, hidden parts included: for a model to look at, not to be kept."""
        return Image.frombytes("RGB", self.view.size, np.ascontiguousarray(self.bgrx).data, "raw", "BGRX")

    def crop(self, area: Area) -> Screenshot:
        """The part that shows an area, whole pixels that touch it included.

        Args:
            area: In input points.

        Raises:
            InputError: The screenshot shows nothing of it.
        """
        shared = area.shared_with(self.view.area)
        if shared is None:
            raise InputError(f"The region {area} is off screen: this screenshot shows {self.view.area}.")
        return self.crop_pixels(*self.pixel_box(shared))

    def pixel_box(self, area: Area) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the whole pixels that an area within the view touches."""
        left, top = self.view.to_pixels(area.left, area.top)
        right, bottom = self.view.to_pixels(area.left + area.width, area.top + area.height)
        tiny = 1e-6  # what rounding may add to an edge that lies between two pixels
        return (
            math.floor(left + tiny),
            math.floor(top + tiny),
            math.ceil(right - tiny),
            math.ceil(bottom - tiny),
        )

    def crop_pixels(self, left: int, top: int, right: int, bottom: int) -> Screenshot:
        """The part between four edges, in whole pixels within the screenshot; shares its memory."""
        x, y = self.view.to_input(left, top)
        end_x, end_y = self.view.to_input(right, bottom)
        view = View((right - left, bottom - top), Area(x, y, end_x - x, end_y - y))
        return Screenshot(self.bgrx[top:bottom, left:right], view, self.time, self.hidden)

    def save(self, path: str | Path) -> None:
        """Writes the picture; the ending of the name chooses the format.

        Raises:
            InputError: The file cannot be written there or the ending names no picture format.
        """
        save_picture(self.to_image(), path)


def input_area(area: Area, monitors: list[Area], input_size: tuple[int, int]) -> Area:
    """An area in the units of the capture library, in input points.

    The two libraries may count the same monitor differently (a process that knows of high density beside one
    that does not). The monitor at the origin is known to both, which gives the ratio.

    Args:
        area: The area in capture units.
        monitors: All areas the capture library knows: the whole desktop and each monitor, in capture units.
        input_size: (width, height) in input points of the screen at the origin, as the input library has it
            (the primary monitor; on X11 the whole desktop).

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
