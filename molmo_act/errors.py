"""Every error that this project raises on purpose, in one tree.

    MolmoActError
    ├── InputError (ValueError)        something the caller gave cannot be used
    │   ├── ImageError                 unreadable, truncated, empty, too large, NaN pixels
    │   └── QueryError                 empty or too long
    ├── CheckpointError (ValueError)   a checkpoint folder is missing, foreign, damaged or unsafe
    ├── MissingExtraError (ImportError) an optional package is not installed
    └── PlatformError (RuntimeError)   the machine lacks something: a display, a device

Each message says what was given, what was expected and what to do.
"""

from __future__ import annotations


class MolmoActError(Exception):
    """Root of every error that molmo_act, molmo_act_ros and gui_agent raise on purpose."""


class InputError(MolmoActError, ValueError):
    """Something the caller gave cannot be used."""


class ImageError(InputError):
    """An image is unreadable, truncated, empty, too large, of an unknown layout, or holds NaN."""


class QueryError(InputError):
    """A query is empty, not text, or longer than the model can read."""


class CheckpointError(MolmoActError, ValueError):
    """A checkpoint is missing, of another architecture, incomplete, damaged or stored unsafely."""


class MissingExtraError(MolmoActError, ImportError):
    """An optional package is not installed.

    Args:
        package: Name of the package that could not be imported.
        extra: Name of the extra of molmo_act that brings it.
        purpose: What needed it, a short noun phrase.
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        from molmo_act._install import install_command  # slow to import, and seldom needed

        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed. "
            f"Install it with: {install_command(extra)}"
        )
        self.package = package
        self.extra = extra
        self._asked = package, extra, purpose

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str, str]]:
        """Lets the error pass between processes: those that load data raise it, too."""
        return type(self), self._asked


class PlatformError(MolmoActError, RuntimeError):
    """This machine lacks something that was asked for: a display, a device, a kernel."""
