"""Web pages in a real Chromium: the boxes that are read are where the page shows objects."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from model.data.screens.elements import Element, ScreenContent
from model.data.web.browser import PageReader
from model.data.web.real_pages import find_pages, main, read_page, read_pages, render_folder, save_page
from molmo_act.errors import InputError
from tests.model.data.drawn_icons import WORDS
from tests.model.data.drawn_pages import PAGE


@pytest.mark.slow
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
        lambda stem: stem.with_suffix(".png").unlink(),  # no image
        lambda stem: stem.with_suffix(".png").write_bytes(b"no picture"),  # not an image
    ],
)
def test_a_damaged_page_is_one_clear_error(tmp_path: Path, damage) -> None:
    stored = io.BytesIO()
    Image.new("RGB", (100, 100)).save(stored, "PNG")
    save_page(
        tmp_path / "page",
        stored.getvalue(),
        ScreenContent((Element("button", "Go", (1, 1, 9, 9)),), (), frozenset()),
    )
    assert read_page(tmp_path / "page.json", words=WORDS).queries
    damage(tmp_path / "page")
    with pytest.raises(InputError, match=r"page\.json is not a page saved"):
        read_page(tmp_path / "page.json", words=WORDS)


def test_an_empty_folder_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"python -m model\.data\.web\.real_pages --templates"):
        read_pages(tmp_path)


def test_the_command_needs_a_source(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["pages", "--out", "x"])
    with pytest.raises(SystemExit):
        main()
    assert "--templates" in capsys.readouterr().err
