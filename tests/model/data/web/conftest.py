"""One browser for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from model.data.web.browser import PageReader
from tests.model.data.drawn_pages import skip_without_browser


@pytest.fixture(scope="module")
def reader() -> Iterator[PageReader]:
    skip_without_browser()
    with PageReader(320, 320) as opened:
        yield opened
