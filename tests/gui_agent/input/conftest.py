"""Fixtures of tests of input."""

from __future__ import annotations

import pytest

from gui_agent import Desktop
from tests.support.blob_model import BlobFinder


@pytest.fixture
def desktop(display: str, colour_finder: BlobFinder) -> Desktop:
    """The desktop of the virtual display."""
    return Desktop(colour_finder)
