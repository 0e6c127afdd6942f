"""Rendering composed pages: resumable, reproducible, and read with every element that can be asked for."""

from __future__ import annotations

from collections import Counter
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from model.data.random_blocks import RandomBlocks
from model.data.screens.elements import ROLES, ScreenContent
from model.data.web.browser import PageReader
from model.data.web.real_pages import load_page
from model.data.web.render import SCREENS, PageSpec, draw_viewport, main, render, render_all
from molmo_act.errors import PlatformError
from tests.model.data.drawn_pages import page_assets, skip_without_browser

ORDER = PageSpec(seed=3)
PAGE = """<!doctype html><html><head><style>
  body { margin: 0; font: 16px sans-serif } .b { position: absolute } i { background: #a00 }
</style></head><body>
  <button class="b" style="left:10px;top:10px;width:80px;height:30px">Edit</button>
  <button class="b" style="left:110px;top:10px;width:80px;height:30px">Edit</button>
  <button class="b" data-concept="trash" data-intent="throw it away | clear it"
    style="left:210px;top:10px;width:30px;height:30px"></button>
  <i class="b" data-concept="nothing-known" style="left:260px;top:10px;width:30px;height:30px"></i>
  <label class="b" style="left:10px;top:60px;width:150px;height:24px">
    <input type="checkbox" role="switch">Dark mode</label>
  <div class="b" role="option" aria-labelledby="who" style="left:10px;top:100px;width:200px;height:40px">
    <div id="who">Anna</div><small>wrote a letter</small></div>
  <div class="b" role="menubar" style="left:10px;top:150px">
    <button role="menuitem" style="width:60px;height:24px">File</button></div>
  <div class="b" style="left:10px;top:190px;width:60px;height:20px;overflow:hidden;white-space:nowrap">
    <a href="#">Privacy statement</a></div>
  <p class="b" style="left:10px;top:220px;width:90px;margin:0">Many words over more lines</p>
  <div class="b" style="left:150px;top:220px">Last seen</div>
</body></html>"""


@pytest.fixture(scope="module")
def shown() -> ScreenContent:
    skip_without_browser()
    with PageReader(320, 300, trusted=True) as reader:
        return reader.read_html(PAGE)[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "label", "boxes"),
    [
        ("button", "Edit", [(10, 10, 90, 40), (110, 10, 190, 40)]),  # both of one label
        ("icon", "trash", [(210, 10, 240, 40)]),
        ("toggle", "Dark mode", [(10, 60, 160, 84)]),
        ("item", "Anna", [(10, 100, 210, 140)]),  # named by one of its texts
        ("menu", "File", [(10, 150, 70, 174)]),
        ("icon", "nothing-known", []),  # nobody could ask for it
        ("link", "Privacy statement", []),  # cut by what it stands in
        ("text", "Anna", []),  # is the item
    ],
)
def test_trusted_pages_are_read_element_by_element(
    shown: ScreenContent, role: str, label: str, boxes: list
) -> None:
    assert [e.box for e in shown.elements if (e.role, e.label) == (role, label)] == boxes


def test_short_texts_are_elements_and_lines_of_longer_ones_are_not(shown: ScreenContent) -> None:
    texts = {element.label for element in shown.elements if element.role == "text"}
    assert texts == {"wrote a letter", "Last seen"}
    assert "privacy statement" in shown.half_seen


def test_intents_are_read(shown: ScreenContent) -> None:
    assert [e.intents for e in shown.elements if e.role == "icon"] == [("throw it away", "clear it")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pages rendered with `ORDER`."""
    skip_without_browser()
    out = tmp_path_factory.mktemp("rendered")
    assert Counter(render(ORDER, range(2), out, page_assets())) == {"rendered": 2}
    return out


@pytest.mark.slow
def test_rendering_goes_on_where_it_was_stopped(folder: Path) -> None:
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".json", ".png", ".png"]
    first = folder / f"{ORDER.name(0)}.json"
    kept = first.read_bytes(), first.with_suffix(".png").read_bytes()
    first.unlink()  # as if stopped between the two files
    assert list(render(ORDER, range(2), folder, page_assets())) == ["there already", "rendered"]
    assert (first.read_bytes(), first.with_suffix(".png").read_bytes()) == kept


@pytest.mark.slow
def test_several_browsers_make_the_same_pages(folder: Path, tmp_path: Path) -> None:
    assert Counter(render_all(ORDER, 3, tmp_path, 2, page_assets())) == {"rendered": 3}
    for path in folder.glob("*.json"):  # pixels may differ by a grey level with what a browser drew before
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
        assert (tmp_path / path.name).with_suffix(".png").exists()


@pytest.mark.slow
def test_an_error_of_one_browser_ends_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.data.web.browser._BROWSERS", ())
    with pytest.raises(PlatformError, match="No Chromium found"):
        list(render_all(ORDER, 1000, tmp_path, 3, page_assets()))


@pytest.mark.slow
def test_a_browser_that_dies_costs_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without_browser()
    read = PageReader.read_html
    times = count()

    def die_once(reader: PageReader, html: str) -> tuple[bytes, ScreenContent]:
        if next(times) == 0:
            reader._browser.close()
        return read(reader, html)

    monkeypatch.setattr(PageReader, "read_html", die_once)
    outcomes = list(render(ORDER, range(2), tmp_path, page_assets()))
    assert outcomes == ["left out: the browser failed", "rendered"]


@pytest.mark.slow
def test_rendered_elements_lie_in_the_image(folder: Path) -> None:
    for path in folder.glob("*.json"):
        image, page = load_page(path)
        assert len(page.elements) >= 3
        for element in page.elements:
            x0, y0, x1, y1 = element.box
            assert 0 <= x0 < x1 <= image.shape[1]
            assert 0 <= y0 < y1 <= image.shape[0]
            assert element.role in ROLES


@pytest.mark.parametrize(
    ("sizes", "least", "most"), [("windows", 210, 1280), ("screens", 720, 3840), ("all", 210, 3840)]
)
def test_views_have_the_sizes_that_were_ordered(sizes: str, least: int, most: int) -> None:
    rand = RandomBlocks(np.random.default_rng(0))
    views = [draw_viewport(rand, sizes) for _ in range(400)]
    assert all(least <= min(v.width, v.height) and max(v.width, v.height) <= most for v in views)
    assert min(min(v.css) for v in views) >= 200
    if sizes == "screens":
        assert {(v.width, v.height, v.scale) for v in views} == set(SCREENS)


def test_a_writer_needs_a_model(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["html_screens", "--writer", "http://localhost:1/v1"])
    with pytest.raises(SystemExit):
        main()
    assert "--writer-model" in capsys.readouterr().err
