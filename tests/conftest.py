"""Which tests are slow by their nature, and what takes so long to make that all tests share it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.doctest import DoctestModule

PROCESSES = ("ros", "display")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Looks for no doctests in tests: one import for them that fails would hide all tests of a module.

    What imports a module for doctests skips it where that fails (--doctest-ignore-import-errors). The import
    for its tests then finds it half made and empty.
    """
    collectors = yield
    return [one for one in collectors if not isinstance(one, DoctestModule)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests that start ROS 2 processes or real windows as slow: they wait for other processes."""
    for item in items:
        if any(item.get_closest_marker(name) for name in PROCESSES):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def nano_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nano as ONNX graphs in fp32: tracing takes half a minute."""
    pytest.importorskip("onnxscript")
    import molmo_act
    from molmo_act.export.writing import write_export

    folder = tmp_path_factory.mktemp("onnx") / "nano"
    model = molmo_act.load("nano", device="cpu")
    write_export(model.model, model.processor, folder, name="nano")
    return folder
