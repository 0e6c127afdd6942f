"""Sends what libraries log to the log of the node, and keeps progress bars out of it."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rclpy.impl.rcutils_logger import RcutilsLogger


def disable_progress_bars() -> None:
    """Has tqdm and the hub's client draw no bars, unless the environment says otherwise.

    It has to be called before they are imported.
    """
    for name in ("TQDM_DISABLE", "HF_HUB_DISABLE_PROGRESS_BARS"):
        os.environ.setdefault(name, "1")


class RosLogHandler(logging.Handler):
    """A handler of Python's logging that writes to the logger of a node.

    Args:
        logger: Where to write.
    """

    def __init__(self, logger: RcutilsLogger) -> None:
        super().__init__(logging.INFO)
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record.

        Args:
            record: Of any logger.
        """
        try:
            text = f"{record.name}: {record.getMessage()}"
        except Exception:
            self.handleError(record)
            return
        if record.levelno >= logging.ERROR:
            self._logger.error(text)
        elif record.levelno >= logging.WARNING:
            self._logger.warning(text)
        else:
            self._logger.info(text)


def send_to_node(logger: RcutilsLogger) -> None:
    """Sends all records of Python's logging from INFO on, and all warnings, to the log of a node.

    Args:
        logger: Of the node.
    """
    logging.captureWarnings(True)
    logging.getLogger().addHandler(RosLogHandler(logger))
