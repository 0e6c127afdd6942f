"""Imports optional packages where they are used; the error for a missing one carries its install command."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from molmo_act.errors import MissingExtraError, PlatformError

_PACKAGES = {"cv2": "opencv-python-headless", "resvg_py": "resvg-py", "yaml": "pyyaml"}
"""What pip calls a package whose module has another name."""
TORCH_PACKAGES = ("torch", "transformers")
"""What checkpoints need and exported models do not."""


def import_optional(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Imports a module of a package that molmo_act can do without.

    Args:
        module: Full name of the module, such as ``"scipy.optimize"``.
        extra: Name of the extra of molmo-act that installs its package.
        purpose: What needs it, a short noun phrase that begins the error message.

    Returns:
        The module.

    Raises:
        MissingExtraError: It cannot be imported.

    Example:
        >>> import_optional("json.decoder", extra="video", purpose="reading video files").__name__
        'json.decoder'
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise missing_extra(module, extra, purpose) from error


def require_optional(module: str, *, extra: str, purpose: str) -> None:
    """Raises where a package is not installed, without the time that importing it takes.

    Args:
        module: Name of the package's top module.
        extra: Name of the extra of molmo-act that installs the package.
        purpose: What needs it, a short noun phrase that begins the error message.

    Raises:
        MissingExtraError: It is not installed.
    """
    if find_spec(module) is None:
        raise missing_extra(module, extra, purpose)


def lazy_import(module: str, *, extra: str, purpose: str) -> Any:
    """Stands for a module of an optional package until something of it is used.

    So a program says what its options are, and what is wrong with those that were given, without the package.

    Args:
        module: Full name of the module.
        extra: Name of the extra of molmo-act that installs its package.
        purpose: What needs it, a short noun phrase that begins the error message.

    Returns:
        An object with the attributes of the module. Where it cannot be imported, the first one that is asked
        for raises `MissingExtraError`.

    Example:
        >>> lazy_import("json.decoder", extra="video", purpose="reading video files").JSONDecoder.__name__
        'JSONDecoder'
    """
    return _LazyModule(module, extra, purpose)


class _LazyModule:
    def __init__(self, module: str, extra: str, purpose: str) -> None:
        self._asked = module, extra, purpose

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # of copies and of tools that look around
            raise AttributeError(name)
        module, extra, purpose = self._asked
        value = getattr(import_optional(module, extra=extra, purpose=purpose), name)
        setattr(self, name, value)  # asked for once
        return value


def missing_extra(module: str, extra: str, purpose: str) -> MissingExtraError:
    """Makes the error for a module that cannot be imported.

    Args:
        module: Its full name.
        extra: Name of the extra of molmo-act that installs its package.
        purpose: What needs it, a short noun phrase that begins the error message.

    Returns:
        The error, which names the package as pip does.
    """
    top = module.partition(".")[0]
    return MissingExtraError(_PACKAGES.get(top, top), extra, purpose)


def needs_torch(what: str, package: str) -> PlatformError:
    """Makes the error for torch or transformers where they are not installed.

    Args:
        what: What needs them, the beginning of a sentence.
        package: Which of them is missing.

    Returns:
        The error, with the line that installs it, and what works without.
    """
    from molmo_act._install import install_command  # slow to import, and seldom needed

    needs = f"{what} needs the package {package!r}, which is not installed."
    if sys.version_info < (3, 11):
        import platform

        needs += f" transformers needs Python 3.11 or newer; this is {platform.python_version()}."
    return PlatformError(
        f"{needs} Install it with: {install_command()}. Without it, exported models run: write one on a "
        "machine with torch by 'molmo-act export CHECKPOINT --out FOLDER', and give that folder."
    )
