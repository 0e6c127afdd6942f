"""Web pages in a real Chromium: the boxes that are read are where the page shows things."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data import page_reader
from model.data.page_reader import PageReader, find_browser
from model.data.pages import find_pages, main, read_page, read_pages, render_folder, save_page
from model.data.screen_elements import Element, Shown
from molmo_act.errors import InputError, PlatformError
from tests.model.data.drawn_icons import WORDS
from tests.model.data.drawn_pages import skip_without_browser

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
def reader() -> Iterator[PageReader]:
    skip_without_browser()
    with PageReader(320, 320) as opened:
        yield opened


@pytest.fixture(scope="module")
def rendered(reader: PageReader) -> tuple[np.ndarray, Shown]:
    picture, shown = reader.read_html(PAGE)
    return np.array(Image.open(io.BytesIO(picture)).convert("RGB")), shown


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


def test_the_picture_shows_the_button_where_its_box_is(rendered) -> None:
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


def test_boxes_are_in_picture_pixels_at_twice_the_scale(reader: PageReader) -> None:
    reader.resize(640, 640, scale=2.0)
    picture, shown = reader.read_html(PAGE)
    reader.resize(320, 320)
    assert Image.open(io.BytesIO(picture)).size == (640, 640)
    assert [element.box for element in shown.elements if element.label == "Save"] == [(40, 40, 240, 120)]


def test_a_folder_is_rendered_and_read_back(reader: PageReader, tmp_path: Path) -> None:
    (tmp_path / "full.html").write_text(PAGE)
    (tmp_path / "bare.html").write_text("<html><body><button>Alone</button></body></html>")
    pages = [
        ("full", tmp_path / "full.html"),
        ("bare", tmp_path / "bare.html"),
        ("gone", tmp_path / "gone.html"),
    ]
    lines = list(render_folder(reader, pages, tmp_path / "out"))
    assert lines[0] == "full"
    assert lines[1].startswith("bare: left out")
    assert lines[2].startswith("gone: left out")
    first, second = (read_page(tmp_path / "out" / "full.json", words=WORDS) for _ in range(2))
    assert first.image.shape == (320, 320, 3)
    assert [query.text for query in first.queries] == [query.text for query in second.queries]
    targets = {query.label.casefold(): query.targets[0].box for query in first.queries if query.targets}
    assert set(targets) <= {"save", "email", "search", "i agree", "terms", "print", "overview"}
    assert targets.get("save", (20, 20, 120, 60)) == (20, 20, 120, 60)


def test_moving_things_are_doubtful() -> None:
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


def test_pages_are_found_without_fragments_and_libraries(tmp_path: Path) -> None:
    body = "<html><body>" + "x" * 2000 + "</body></html>"
    for name in ("a.html", "pages/b.html", "vendor/demo.html", "plugins/deep/c.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(body)
    (tmp_path / "fragment.html").write_text("<p>" + "x" * 3000)
    (tmp_path / "small.html").write_text("<html><body></body></html>")
    names = [path.relative_to(tmp_path).as_posix() for path in find_pages(tmp_path, 10)]
    assert names == ["a.html", "pages/b.html"]
    assert len(find_pages(tmp_path, 1)) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda stem: stem.with_suffix(".json").write_text("{"),  # cut short
        lambda stem: stem.with_suffix(".json").write_text(json.dumps({"elements": []})),  # parts missing
        lambda stem: stem.with_suffix(".png").unlink(),  # no picture
        lambda stem: stem.with_suffix(".png").write_bytes(b"no picture"),  # not a picture
    ],
)
def test_a_damaged_page_is_one_clear_error(tmp_path: Path, damage) -> None:
    stored = io.BytesIO()
    Image.new("RGB", (100, 100)).save(stored, "PNG")
    save_page(
        tmp_path / "page", stored.getvalue(), Shown((Element("button", "Go", (1, 1, 9, 9)),), (), frozenset())
    )
    assert read_page(tmp_path / "page.json", words=WORDS).queries
    damage(tmp_path / "page")
    with pytest.raises(InputError, match=r"page\.json is not a page saved"):
        read_page(tmp_path / "page.json", words=WORDS)


def test_an_empty_folder_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"python -m model\.data\.pages --templates"):
        read_pages(tmp_path)


def test_a_machine_without_a_browser_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlatformError, match="Install your system's chromium"):
        find_browser()


def test_the_command_needs_a_source(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["pages", "--out", "x"])
    with pytest.raises(SystemExit):
        main()
    assert "--templates" in capsys.readouterr().err
