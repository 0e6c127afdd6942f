"""Names are checked before anything is imported."""

from __future__ import annotations

import pytest

from molmo_act.errors import InputError
from molmo_act.reading.names import READER_NAMES, check_reader


def test_names():
    for name in (None, *READER_NAMES):
        check_reader(name)
    with pytest.raises(InputError, match="reader is 'tesseract'; expected 'rapidocr', or None"):
        check_reader("tesseract")
