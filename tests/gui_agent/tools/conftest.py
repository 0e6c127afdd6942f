"""Fixtures of tests of tools."""

from __future__ import annotations

import pytest

from gui_agent import Desktop, Safety
from tests.support.blob_model import BlobFinder


@pytest.fixture
def tools(display: str):
    """The tools of the virtual display."""
    pytest.importorskip("mcp", reason="needs the extra agents")
    from gui_agent.tools.tools import Tools

    safety = Safety(deny_words=["forbidden"])
    return Tools(Desktop(BlobFinder(), safety=safety, timeout=2.0, verify_seconds=0.1))
