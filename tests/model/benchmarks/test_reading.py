"""The benchmark of readers: both are timed on the same pages, and a missing folder is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from model.benchmarks import reading
from tests.support.written_screen import draw_screen

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")


def test_all_ways_are_timed(tmp_path, monkeypatch, capsys):
    Image.fromarray(draw_screen((320, 120), {"Save changes": (20, 20)})).save(tmp_path / "a.png")
    monkeypatch.setattr("sys.argv", ["reading", "--pages", str(tmp_path)])
    reading.main()
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["seconds, processor seconds"]
    assert set(found) == {
        *(reading.RAPIDOCR, reading.OURS, reading.AGAIN, reading.ONE_LINE),
        *(reading.FIRST, reading.SECOND),
    }
    assert all(each > 0 for row in found.values() for each in row)


def test_no_pages(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["reading", "--pages", str(tmp_path)])
    assert reading.main() == 2
    assert "render some with" in capsys.readouterr().err


def test_one_line_is_changed():
    image = np.full((80, 200, 3), 255, np.uint8)
    changed = reading.with_a_line_changed(image)
    assert 0 < (changed != image).any(axis=2).sum() <= 12 * 80
    assert (image == 255).all()
