"""Tells the folder of an exported model from that of a checkpoint, for whoever was given one of them."""

from __future__ import annotations

import os
from pathlib import Path

from molmo_act.errors import InputError

SETTINGS = "molmo_act_onnx.json"
"""The file that makes a folder an exported model."""
GRAPH = "vision.onnx"
"""One that every exported model has."""


def export_folder(name_or_path: object) -> Path | None:
    """Tells an exported model from a checkpoint.

    Args:
        name_or_path: What was given to `molmo_act.load`.

    Returns:
        Its folder, also where only its settings are missing; None where it is no exported model.
    """
    if not isinstance(name_or_path, (str, os.PathLike)):
        return None
    folder = Path(name_or_path)
    try:
        graphs = (folder / GRAPH).is_file() and not (folder / "config.json").is_file()
        return folder if graphs or (folder / SETTINGS).is_file() else None
    except (OSError, ValueError):  # such as a name that is too long
        return None


def refuse_export(name_or_path: object) -> None:
    """Refuses an exported model where a checkpoint is needed.

    Args:
        name_or_path: What was given as a checkpoint, a folder or a file in it.

    Raises:
        InputError: It is an exported model, or the settings of one.
    """
    settings = isinstance(name_or_path, (str, os.PathLike)) and Path(name_or_path).name == SETTINGS
    if settings or export_folder(name_or_path) is not None:
        raise InputError(
            f"{os.fspath(name_or_path)!r} is an exported model; expected the checkpoint that it was made "  # type: ignore[call-overload]
            "from."
        )
