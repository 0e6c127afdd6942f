"""Lets the tests import the example programs, which find one another only from their own folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture(autouse=True)
def _examples_importable(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    yield
    for name in [name for name, module in sys.modules.items() if _is_example(module)]:
        del sys.modules[name]


def _is_example(module: object) -> bool:
    return str(getattr(module, "__file__", "")).startswith(str(EXAMPLES))
