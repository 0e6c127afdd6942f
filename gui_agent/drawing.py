"""Marks what a click would hit on a screenshot; knows no screen and no mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import ImageDraw

from gui_agent.results import WAITS

if TYPE_CHECKING:
    from PIL import Image

    from gui_agent.eye import Found
    from gui_agent.results import ActionResult

MARK = (230, 0, 120)
RIM = (255, 255, 255)


def draw_found(found: Found) -> Image.Image:
    """The screenshot with every candidate marked and a cross on the place that would be clicked.

    Args:
        found: What would be clicked.

    Returns:
        An RGB picture of the size of the screenshot.
    """
    picture = found.points.draw(found.screenshot.to_image())
    _cross(picture, found.pixel)
    return picture


def draw_act(result: ActionResult) -> Image.Image:
    """The screen before an act, or the last look of a wait, with a cross on each place.

    Args:
        result: Of the act or the wait.

    Returns:
        An RGB picture of the size of the screenshot.
    """
    shot = result.after if result.action in WAITS else result.before
    picture = shot.to_image()
    for found in result.targets:
        x, y = found.point
        _cross(picture, shot.view.to_pixels(x + 0.5, y + 0.5))
    return picture


def _cross(picture: Image.Image, pixel: tuple[float, float]) -> None:
    pen = ImageDraw.Draw(picture)
    x, y = (int(value) for value in pixel)  # the pixel that covers the place
    far = max(16, min(picture.size) // 26)
    near = far // 2  # the marker of the point is seen between the four strokes, its label beside them
    for width, colour in ((5, RIM), (1, MARK)):
        for dx, dy in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
            pen.line((x + dx * near, y + dy * near, x + dx * far, y + dy * far), fill=colour, width=width)
