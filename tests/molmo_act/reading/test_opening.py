"""Readers are opened by name or taken as they are; what is no reader is refused."""

from __future__ import annotations

import pytest

from molmo_act.errors import InputError, MissingExtraError
from molmo_act.reading import networks
from molmo_act.reading.guarded import GuardedReader
from molmo_act.reading.opening import open_reader
from molmo_act.reading.rapidocr_reader import RapidOcrReader
from tests.molmo_act.reading.test_guarded import Reader


def test_none_and_readers():
    mine = Reader()
    assert open_reader(None) is None
    assert open_reader(mine).reader is mine
    guarded = GuardedReader(mine, timeout=1)
    assert open_reader(guarded) is guarded


@pytest.mark.parametrize("given", ["tesseract", "", 5, object(), RapidOcrReader])
def test_what_is_no_reader_is_refused(given):
    with pytest.raises(InputError, match=r"reader is .*; expected 'rapidocr'"):
        open_reader(given)


@pytest.mark.parametrize("package", ["rapidocr", "onnxruntime", "cv2"])
def test_a_missing_package_has_its_install_line(package, monkeypatch):
    if package == "rapidocr":
        monkeypatch.setattr(networks, "find_spec", lambda name: None)
    else:
        monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingExtraError, match=r"reading text in images needs .*pip.*ocr"):
        open_reader("rapidocr")
