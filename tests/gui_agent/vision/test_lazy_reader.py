"""A reader that is opened when something is read."""

from __future__ import annotations

import os

import numpy as np
import pytest

from gui_agent.vision import lazy_reader
from gui_agent.vision.lazy_reader import LazyReader
from molmo_act import _optional
from molmo_act.errors import MissingExtraError
from molmo_act.reading.guarded import GuardedReader
from molmo_act.reading.names import SCRIPTS
from molmo_act.reading.process_reader import ProcessReader
from molmo_act.reading.reader import TextReader
from molmo_act.reading.text import ReadText


class Blank:
    name = "blank"

    def read(self, image, *, timeout=None) -> ReadText:
        return ReadText((), (image.shape[1], image.shape[0]))


def test_it_is_opened_once_and_late(monkeypatch) -> None:
    opened = []
    monkeypatch.setattr(_optional, "find_spec", lambda name: object())
    monkeypatch.setattr(lazy_reader, "reader_apart", lambda name: opened.append(name) or Blank())
    reader = LazyReader("rapidocr")
    assert isinstance(reader, TextReader)
    assert GuardedReader(reader).scripts == SCRIPTS["rapidocr"]  # labels in others are left to the model
    assert opened == []
    for _ in range(2):
        assert reader.read(np.zeros((4, 6, 3), np.uint8)).image_size == (6, 4)
    assert opened == ["rapidocr"]


def test_a_missing_package_shows_at_once(monkeypatch) -> None:
    monkeypatch.setattr(_optional, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"rapidocr.*\[ocr\]"):
        LazyReader("rapidocr")


@pytest.mark.skipif(os.name != "posix", reason="pipes with time-outs")
def test_it_reads_in_a_process_of_its_own() -> None:
    """A crash of its networks does not end the program."""
    pytest.importorskip("rapidocr", reason="needs the extra ocr")
    reader = LazyReader("rapidocr")
    assert isinstance(reader._reader, ProcessReader)
    reader._reader.close()
