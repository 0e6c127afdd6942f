"""Readers are judged on the same pages by the same matching."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from model.data.schema import Query, Target
from model.data.screens.elements import Element, ScreenContent
from model.data.web.real_pages import save_page
from model.evaluation import readers
from molmo_act.errors import InputError
from tests.support.written_screen import draw_screen, read_line, read_text


def test_a_line_is_split_by_its_characters():
    line = readers.split_line("Save as", (0, 0, 70, 10), 0.9)
    assert [(word.text, word.box) for word in line.words] == [
        ("Save", (0, 0, 40, 10)),
        ("as", (50, 0, 70, 10)),
    ]
    assert readers.split_line("  ", (0, 0, 9, 9), 0.9) is None


def test_labels_and_absent_ones_are_counted():
    text = read_text(read_line("Save", 100, 100), read_line("Cancel", 100, 200))
    on, off = Target((116, 108), (100, 100, 132, 116)), Target((1, 1), (0, 0, 2, 2))
    queries = (
        Query("the Save button", "Save", (on,), "button"),
        Query("the Cancel button", "Cancel", (off,), "button"),
        Query("bell icon", "bell icon", (off,), "icon"),
        Query("the Print button", "Print", (), "absent"),
        Query("the Save button", "Save", (), "absent"),
    )
    found = readers.judge(lambda image: text, np.zeros((480, 640, 3), np.uint8), queries)
    assert (found.labels, found.absent) == ([True, False], [True, False])
    assert found.clock >= 0


def test_our_reader_and_rapidocr_on_a_page(tmp_path, monkeypatch, capsys):
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
    monkeypatch.setattr("model.data.web.real_pages.word_list", lambda split: ("alpha", "beta", "gamma"))
    labels = {f"Label {n}": (20, 30 * n) for n in range(1, 8)}
    Image.fromarray(draw_screen((320, 260), labels)).save(tmp_path / "page.png")
    elements = tuple(Element("button", text, (x, y, x + 80, y + 20)) for text, (x, y) in labels.items())
    shown = ScreenContent(elements, (), frozenset())
    save_page(tmp_path / "admin-lte-page", (tmp_path / "page.png").read_bytes(), shown)
    monkeypatch.setattr("sys.argv", ["readers", "--pages", str(tmp_path)])
    readers.main()
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["readers"]
    assert [(row["reader"], row["labels"]) for row in rows] == [("ours", 1), ("rapidocr", 1)]
    assert all(row["megabytes"] > 20 for row in rows)


def test_a_folder_without_networks_is_refused(tmp_path):
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
    with pytest.raises(InputError, match="expected one"):
        readers.rapidocr(tmp_path)


def test_no_pages(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["readers", "--pages", str(tmp_path)])
    assert readers.main() == 2
    assert "render some with" in capsys.readouterr().err
