"""For tests of pages: what they are made of, saved ones without a browser, and whether there is one."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data.assets.names import icon_concepts, window_buttons
from model.data.screens.elements import Box, Element, ScreenContent
from model.data.web.assets import PageAssets
from model.data.web.browser import find_browser
from model.data.web.real_pages import save_page
from molmo_act.errors import PlatformError
from tests.model.data.drawn_icons import WORDS

_SQUARE = '<svg viewBox="0 0 8 8"><rect width="8" height="8" fill="currentColor"/></svg>'

PAGE = """<!doctype html><html><head><style>
  * { margin: 0; font: 16px sans-serif } div, button, a, input, h1, label { position: absolute }
</style></head><body>
  <button style="left:20px;top:20px;width:100px;height:40px;background:#f00;border:0">Save</button>
  <button style="left:140px;top:20px;width:100px;height:40px">Covered</button>
  <div style="left:130px;top:10px;width:120px;height:60px;background:#00f"></div>
  <button style="left:20px;top:80px;width:60px;height:30px">Twice</button>
  <button style="left:100px;top:80px;width:60px;height:30px">Twice</button>
  <button style="left:180px;top:80px;width:60px;height:30px;visibility:hidden">Hidden</button>
  <button style="left:270px;top:20px;width:100px;height:40px">Cut off</button>
  <label for="mail" style="left:20px;top:130px;width:60px">Email *</label>
  <input id="mail" style="left:100px;top:125px;width:120px;height:30px;box-sizing:border-box">
  <input type="search" placeholder="Search…"
    style="left:20px;top:170px;width:120px;height:30px;box-sizing:border-box">
  <input id="ok" type="checkbox" style="left:20px;top:220px;width:16px;height:16px">
  <label for="ok" style="left:45px;top:218px;width:90px;height:20px">I agree</label>
  <a href="#" style="left:160px;top:220px;width:40px">Terms</a>
  <a href="#" aria-label="Print" style="left:240px;top:220px;width:20px;height:20px;background:#0f0"></a>
  <h1 style="left:20px;top:260px;text-transform:uppercase">Overview</h1>
</body></html>"""


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
    save_page(folder / name, stored.getvalue(), ScreenContent(tuple(elements), texts, frozenset()))


def grid_label(column: int, row: int) -> str:
    """Name of a button of `save_grid`, letters only."""
    return f"{chr(65 + column // 26)}{chr(97 + column % 26)}x{chr(97 + row)}{chr(97 + row)}"
