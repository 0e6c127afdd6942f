"""For tests of pages: what they are made of, saved ones without a browser, and whether there is one."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data.icon_names import icon_concepts, window_buttons
from model.data.page_assets import PageAssets
from model.data.page_reader import find_browser
from model.data.pages import save_page
from model.data.screen_elements import Box, Element, Shown
from molmo_act.errors import PlatformError
from tests.model.data.drawn_icons import WORDS

_SQUARE = '<svg viewBox="0 0 8 8"><rect width="8" height="8" fill="currentColor"/></svg>'


def skip_without_browser() -> None:
    """Skip the test where Chromium or what drives it is missing."""
    pytest.importorskip("playwright", reason="playwright drives Chromium; install the extra train")
    try:
        find_browser()
    except PlatformError as error:
        pytest.skip(str(error))


def page_assets() -> PageAssets:
    """Every icon as a square, few words, two grey photographs."""
    concepts = [*icon_concepts(), *window_buttons()]
    photos = np.full((2, 60, 80, 3), 90, np.uint8)
    return PageAssets({"drawn": dict.fromkeys(concepts, _SQUARE)}, WORDS, photos)


def save_grid(folder: Path, name: str, width: int, height: int) -> None:
    """A page of buttons, 40 pixels apart, each named by its column and row and of a colour that says them."""
    image = np.zeros((height, width, 3), np.uint8)
    elements = []
    for row in range(height // 40):
        for column in range(width // 40):
            x, y = 40 * column, 40 * row
            image[y + 5 : y + 35, x + 5 : x + 35] = (100, column, row)
            box: Box = (x + 5.0, y + 5.0, x + 35.0, y + 35.0)
            elements.append(Element("button", grid_label(column, row), box, (f"press {column}/{row}",)))
    stored = io.BytesIO()
    Image.fromarray(image).save(stored, "PNG")
    texts = tuple((element.label, element.box) for element in elements)
    folder.mkdir(parents=True, exist_ok=True)
    save_page(folder / name, stored.getvalue(), Shown(tuple(elements), texts, frozenset()))


def grid_label(column: int, row: int) -> str:
    """Name of a button of `save_grid`, letters only."""
    return f"{chr(65 + column // 26)}{chr(97 + column % 26)}x{chr(97 + row)}{chr(97 + row)}"
