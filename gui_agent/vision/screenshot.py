"""Screenshots: pixels of the screen, and which part of the desktop they show."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from gui_agent.geometry import Area, ScreenView
from molmo_act.errors import InputError
from molmo_act.io.image_writer import save_image


@dataclass(frozen=True, eq=False)
class Screenshot:
    """What the screen showed at one moment, and which part of the desktop that is.

    Attributes:
        bgrx: uint8 (height, width, 4), read-only: blue, green, red and a byte without meaning, as screens are
            captured.
        view: Which part of the desktop the pixels show.
        time: When the capture was complete, in seconds of ``time.monotonic()``.
        hidden: Areas, in input points, that images made of this show in black: a secret was typed there.
    """

    bgrx: np.ndarray = field(repr=False)
    view: ScreenView
    time: float
    hidden: tuple[Area, ...] = ()

    @cached_property
    def pixels(self) -> np.ndarray:
        """uint8 RGB (height, width, 3), read-only; hidden parts are black."""
        pixels = np.asarray(self.to_image())
        pixels.setflags(write=False)
        return pixels

    def to_image(self) -> Image.Image:
        """Makes an image in which hidden areas are black.

        Returns:
            A new RGB image of the size of the screenshot.
        """
        image = self.to_uncensored_image()
        for area in self.hidden:
            if (shared := area.shared_with(self.view.area)) is not None:
                image.paste((0, 0, 0), self.pixel_box(shared))
        return image

    def to_uncensored_image(self) -> Image.Image:
        """Makes an image that shows hidden areas too: for a model to look at, not to be kept.

        Returns:
            A new RGB image of the size of the screenshot.
        """
        return Image.frombytes("RGB", self.view.size, np.ascontiguousarray(self.bgrx).data, "raw", "BGRX")

    def crop(self, area: Area) -> Screenshot:
        """Cuts out the part that shows an area, including every pixel that the area touches.

        Args:
            area: In input points; what lies outside the screenshot is left out.

        Returns:
            A screenshot that shares the memory of this one.

        Raises:
            InputError: The screenshot shows nothing of it.
        """
        shared = area.shared_with(self.view.area)
        if shared is None:
            raise InputError(f"The region {area} is off screen: this screenshot shows {self.view.area}.")
        return self.crop_pixels(*self.pixel_box(shared))

    def pixel_box(self, area: Area) -> tuple[int, int, int, int]:
        """Finds the whole pixels that an area touches.

        Args:
            area: In input points, within the area of the view.

        Returns:
            (left, top, right, bottom) in pixels of the screenshot; right and bottom are exclusive.
        """
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
        """Cuts out the part between four edges.

        Args:
            left: First column, in pixels of the screenshot.
            top: First row.
            right: Column after the last.
            bottom: Row after the last.

        Returns:
            A screenshot that shares the memory of this one.
        """
        x, y = self.view.to_input(left, top)
        end_x, end_y = self.view.to_input(right, bottom)
        view = ScreenView((right - left, bottom - top), Area(x, y, end_x - x, end_y - y))
        return Screenshot(self.bgrx[top:bottom, left:right], view, self.time, self.hidden)

    def save(self, path: str | Path) -> None:
        """Writes the image to a file, hidden areas in black.

        Args:
            path: File to write; the ending of its name chooses the format.

        Raises:
            InputError: The file cannot be written there or the ending names no image format.
        """
        save_image(self.to_image(), path)
