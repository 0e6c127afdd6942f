"""What a desktop finds things by: what was named, or what is there."""

from __future__ import annotations

import pytest

from gui_agent.vision import sources
from gui_agent.vision.sources import SOURCES, check_sources, make_grounder, with_reader
from molmo_act import _optional
from molmo_act.errors import InputError, MissingExtraError, PlatformError
from molmo_act.reading.guarded import GuardedReader
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import FakeBackend
from tests.support.told_screen import ToldReader

WRONG = ["text", [], ["eyes"], ["text", "text"], 3, [3], {"text"}]


@pytest.mark.parametrize("given", WRONG)
def test_what_are_no_sources(given) -> None:
    with pytest.raises(InputError, match=r"expected .*some of 'accessibility', 'text', 'model'"):
        check_sources(given)


@pytest.fixture
def nothing_installed(monkeypatch):
    for name in ("AT_SPI_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sources, "DEFAULT", SOURCES)
    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    monkeypatch.setattr(_optional, "find_spec", lambda name: None)


@pytest.mark.usefixtures("nothing_installed")
def test_by_default_what_is_not_there_is_left_out() -> None:
    made = make_grounder(None, BlobFinder(), FakeBackend(), refine=True)
    assert (made.accessibility, made.text) == (None, None)
    assert made.pixels.refine


@pytest.mark.usefixtures("nothing_installed")
def test_what_was_named_must_be_there() -> None:
    with pytest.raises(MissingExtraError, match=r"\[ocr\]"):
        make_grounder(["text"], None, FakeBackend())
    with pytest.raises(MissingExtraError, match=r"\[ocr\]"):
        with_reader(None, "rapidocr")
    with pytest.raises(PlatformError, match="no accessibility bus"):
        make_grounder(["accessibility"], None, FakeBackend())


def test_a_reader_adds_what_is_written(monkeypatch) -> None:
    monkeypatch.setattr(_optional, "find_spec", lambda name: object())
    assert with_reader(["model"], "rapidocr") == ("model", "text")
    assert with_reader(["text"], "rapidocr") == ("text",)
    assert with_reader(None, "rapidocr") is None
    assert with_reader(["model"], None) == ("model",)


def test_the_reader_of_a_model_reads_for_all() -> None:
    model = BlobFinder()
    model.reader = GuardedReader(ToldReader({}))
    made = make_grounder(["text", "model"], model, FakeBackend())
    assert made.text._reader is model.reader
