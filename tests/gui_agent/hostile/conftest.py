"""Fixtures of hostile desktops."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.gui_agent.hostile.scene import HOSTILE
from tests.support.windows import Window


@pytest.fixture
def open_hostile(open_window) -> Callable[..., Window]:
    """Opens windows of `hostile_window.py`."""
    return lambda *options: open_window(*options, program=HOSTILE)
