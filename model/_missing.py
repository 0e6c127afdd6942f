"""What `python -m model.…` prints where a package is not installed: one line with the command for pip."""

from __future__ import annotations

import sys
from types import TracebackType

_EXTRA = "train"
_PACKAGES = (
    *("cv2", "jinja2", "peft", "platformdirs", "playwright"),
    *("pyarrow", "resvg_py", "rich", "scipy", "tensorboard"),
)
"""Modules that the extra brings."""


def report_missing() -> None:
    """Makes this process end with one line, and status 2, when a package of the extra is missing."""
    before = sys.excepthook

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        from molmo_act._optional import missing_extra
        from molmo_act.errors import MissingExtraError

        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in _PACKAGES:
            error = missing_extra(error.name or "", _EXTRA, "this command")
        if not isinstance(error, MissingExtraError):
            return before(kind, error, trace)
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)

    sys.excepthook = report
