"""Small forms with one label, drawn by Pillow, and where its control is."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from molmo_act.reading.text import Box

FORMS = (
    *("field right", "field below", "filled field below", "underlined field", "placeholder"),
    *("check box", "radio button", "slider"),
)


def draw_form(kind: str) -> tuple[np.ndarray, Box, Box]:
    """Draws a form of 640 × 480 pixels.

    Args:
        kind: One of `FORMS`.

    Returns:
        The image, where its label "Name" is, and where the control is, in pixels.
    """
    image = Image.new("RGB", (640, 480), "white")
    draw = ImageDraw.Draw(image)
    label: Box = (112, 100, 164, 120) if kind == "placeholder" else (100, 100, 152, 120)
    control: Box
    if kind == "field right":
        control = _box(draw, (180, 94, 420, 126))
        _box(draw, (180, 144, 420, 176))
    elif kind == "field below":
        control = _box(draw, (100, 126, 340, 158))
        _box(draw, (100, 62, 340, 94))
    elif kind == "filled field below":
        control = (100, 126, 340, 158)
        draw.rectangle((100, 126, 339, 157), fill=(240, 240, 240))
    elif kind == "underlined field":
        control = (100, 122, 340, 160)
        draw.line((100, 158, 339, 158), fill="grey")
    elif kind == "placeholder":
        control = _box(draw, (100, 94, 340, 126))
    elif kind == "check box":
        control = _box(draw, (78, 103, 92, 117))
        _box(draw, (78, 133, 92, 147))
    elif kind == "radio button":
        control = (78, 103, 92, 117)
        draw.ellipse((78, 103, 91, 116), outline="black")
    else:
        control = (170, 100, 400, 120)
        draw.rectangle((170, 108, 399, 111), fill=(160, 160, 160))
        draw.ellipse((250, 102, 266, 118), fill="blue")
    draw.text(label[:2], "Name", fill="black", font=ImageFont.load_default(16))
    return np.array(image), label, control


def _box(draw: ImageDraw.ImageDraw, box: Box) -> Box:
    x0, y0, x1, y1 = box
    draw.rectangle((x0, y0, x1 - 1, y1 - 1), outline=(120, 120, 120))
    return box
