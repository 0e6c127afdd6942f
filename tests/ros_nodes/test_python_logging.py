"""What libraries log arrives in the log of a node, and no progress bar does."""

from __future__ import annotations

import logging

from molmo_act_ros.python_logging import RosLogHandler, disable_progress_bars


class Logger:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __getattr__(self, level: str):
        return lambda text: self.lines.append((level, text))


def test_records_are_logged_at_their_level():
    node = Logger()
    logger = logging.Logger("hub")  # of no other's handlers
    logger.addHandler(RosLogHandler(node))
    logger.debug("not this")
    logger.info("loaded %d files", 3)
    logger.warning("old")
    logger.critical("gone")
    assert node.lines == [
        ("info", "hub: loaded 3 files"),
        ("warning", "hub: old"),
        ("error", "hub: gone"),
    ]


def test_bars_are_off_unless_somebody_wants_them(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "0")
    disable_progress_bars()
    import os

    assert os.environ["TQDM_DISABLE"] == "1"
    assert os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] == "0"
    monkeypatch.delenv("TQDM_DISABLE")
