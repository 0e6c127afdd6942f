"""A reader that is opened when something is read."""

from __future__ import annotations

import numpy as np
import pytest

from gui_agent.vision import lazy_reader
from gui_agent.vision.lazy_reader import LazyReader
from molmo_act import _optional
from molmo_act.errors import MissingExtraError
from molmo_act.reading.reader import TextReader
from molmo_act.reading.text import ReadText


class Blank:
    name = "blank"

    def read(self, image, *, timeout=None) -> ReadText:
        return ReadText((), (image.shape[1], image.shape[0]))


def test_it_is_opened_once_and_late(monkeypatch) -> None:
    opened = []
    monkeypatch.setattr(_optional, "find_spec", lambda name: object())
    monkeypatch.setattr(lazy_reader, "named_reader", lambda name: opened.append(name) or Blank())
    reader = LazyReader("rapidocr")
    assert isinstance(reader, TextReader)
    assert opened == []
    for _ in range(2):
        assert reader.read(np.zeros((4, 6, 3), np.uint8)).image_size == (6, 4)
    assert opened == ["rapidocr"]


def test_a_missing_package_shows_at_once(monkeypatch) -> None:
    monkeypatch.setattr(_optional, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"rapidocr.*\[ocr\]"):
        LazyReader("rapidocr")
