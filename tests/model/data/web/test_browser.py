"""What the browser reads from pages."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data.screens.elements import ScreenContent
from model.data.web import browser as page_reader
from model.data.web.browser import PageReader, find_browser
from molmo_act.errors import PlatformError
from tests.model.data.drawn_pages import PAGE

GLYPHS = """<!doctype html><html><head><style>
  * { margin: 0 } i, a { position: absolute; width: 16px; height: 16px } i { background: #888 }
  i::before { content: ""; display: block } .fa-bell::before { content: "b"; font-family: "Not There" }
</style></head><body>
  <i class="icon icon-trash" style="left:20px;top:20px"></i>
  <a href="#" style="left:60px;top:10px;width:40px;height:36px"><i class="icon icon-edit"></i></a>
  <a href="#" style="left:120px;top:10px;width:90px;height:36px"><i class="icon icon-home"></i>&emsp;Start</a>
  <i class="icon icon-star" style="left:20px;top:60px"></i>
  <i class="icon icon-star" style="left:60px;top:60px"></i>
  <i class="fa fa-bell" style="left:100px;top:60px"></i>
  <i class="icon icon-paw" style="left:140px;top:60px"></i>
  <i class="icon icon-search" style="left:310px;top:60px"></i>
</body></html>"""


@pytest.fixture(scope="module")
def rendered(reader: PageReader) -> tuple[np.ndarray, ScreenContent]:
    sample, shown = reader.read_html(PAGE)
    return np.array(Image.open(io.BytesIO(sample)).convert("RGB")), shown


@pytest.mark.slow
def test_glyphs_of_icon_fonts_are_read_once_and_for_sure(reader: PageReader) -> None:
    _, shown = reader.read_html(GLYPHS)
    icons = {element.label: element.box for element in shown.elements if element.role == "icon"}
    assert icons == {
        "trash": (20, 20, 36, 36),
        "edit": (60, 10, 100, 46),  # all of the link, which holds nothing else
        "home": (120, 10, 136, 26),  # beside the words of its link
    }
    assert {"star icon", "paw icon", "search icon"} <= shown.half_seen  # twice, unknown, cut off
    assert "bell icon" not in shown.half_seen  # its font did not load: nothing is to be seen


@pytest.mark.parametrize(
    ("role", "label", "box"),
    [
        ("button", "Save", (20, 20, 120, 60)),  # as styled
        ("field", "Email", (100, 125, 220, 155)),  # named by its label, the star taken off
        ("search", "Search", (20, 170, 140, 200)),  # named by its hint
        ("checkbox", "I agree", (20, 218, 135, 238)),  # box and label together
        ("link", "Print", (240, 220, 260, 240)),  # no text: its aria-label
    ],
)
def test_elements_are_read_with_their_boxes(rendered, role: str, label: str, box: tuple) -> None:
    found = [element for element in rendered[1].elements if element.label == label]
    assert [(element.role, element.box) for element in found] == [(role, box)]


def test_the_image_shows_the_button_where_its_box_is(rendered) -> None:
    image, _ = rendered
    red = (image == (255, 0, 0)).all(axis=2)
    rows, columns = np.nonzero(red)
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (20, 20, 120, 60)


@pytest.mark.parametrize("label", ["Covered", "Twice", "Hidden", "Cut off"])
def test_what_is_not_plainly_seen_is_not_asked_for(rendered, label: str) -> None:
    shown = rendered[1]
    assert label not in {element.label for element in shown.elements}
    if label != "Hidden":  # part of it can be seen, or could be: it must not be called absent either
        assert label.casefold() in shown.half_seen


def test_texts_are_read_as_they_are_displayed(rendered) -> None:
    texts = dict(rendered[1].texts)
    assert {"Save", "OVERVIEW", "I agree", "Terms"} <= set(texts)
    assert "Hidden" not in texts
    assert texts["OVERVIEW"][0] == pytest.approx(20, abs=1)


@pytest.mark.slow
def test_boxes_are_in_image_pixels_at_twice_the_scale(reader: PageReader) -> None:
    reader.resize(640, 640, scale=2.0)
    sample, shown = reader.read_html(PAGE)
    reader.resize(320, 320)
    assert Image.open(io.BytesIO(sample)).size == (640, 640)
    assert [element.box for element in shown.elements if element.label == "Save"] == [(40, 40, 240, 120)]


def test_moving_objects_are_doubtful() -> None:
    before = {
        "elements": [["button", "Up", [0, 0, 9, 9]], ["link", "Still", [0, 20, 9, 29]]],
        "texts": [],
        "glyphs": [[True, "fa fa-bell", [0, 0, 9, 9]], [True, "fa fa-user", [0, 20, 9, 29]]],
        "doubtful": [],
    }
    after = {
        "elements": [["button", "Up", [0, 5, 9, 14]], ["link", "Still", [0, 20, 9, 29]]],
        "texts": [],
        "glyphs": [[True, "fa fa-bell", [0, 5, 9, 14]], [True, "fa fa-user", [0, 20, 9, 29]]],
        "doubtful": [],
    }
    kept = page_reader._unmoved(before, after)
    assert kept["elements"] == [["link", "Still", [0, 20, 9, 29]]]
    assert "Up" in kept["doubtful"]
    assert [whole for whole, _, _ in kept["glyphs"]] == [False, True]


def test_a_machine_without_a_browser_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlatformError, match="Install your system's chromium"):
        find_browser()
