"""What has a name and reads is a TextReader."""

from __future__ import annotations

from molmo_act.reading.reader import TextReader
from tests.molmo_act.reading.test_guarded import Reader


def test_readers():
    assert isinstance(Reader(), TextReader)
    assert not isinstance("rapidocr", TextReader)
