"""What a check found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["ok", "missing", "absent", "broken"]


class AbsentError(Exception):
    """This machine has no such device, display or session; nothing has to be installed for it."""


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        name: Name of the check.
        group: What it belongs to: "compute", "media", "ros" or "desktop".
        status: "ok": it ran and its result was right; "missing": its package is not installed; "absent":
            this machine has no such device or session; "broken": it is installed and fails, or its result is
            wrong.
        version: Of the package; None where it is not installed.
        detail: What was run and compared, or what went wrong, in one line.
        seconds: How long the check took, the import of its package included.
        fix: What to do, in one line; None where nothing has to be done.
        build: What its package was built for, such as "CUDA 12.6" or "CPU"; None where it was not looked at.
    """

    name: str
    group: str
    status: Status
    version: str | None
    detail: str
    seconds: float
    fix: str | None = None
    build: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Gives it as plain values, for JSON."""
        return asdict(self)
