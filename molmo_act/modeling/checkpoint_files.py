"""Finds and reads the small files of a checkpoint, in a folder or on the hub.

Knows nothing of what they mean.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from transformers.utils import cached_file

from molmo_act.errors import CheckpointError

HUB_OPTIONS = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")
"""Keyword arguments of ``from_pretrained`` that say where files come from."""


def find_file(source: str | os.PathLike[str], name: str, *, optional: bool = True, **hub: Any) -> Path | None:
    """Path of one file of a checkpoint, or None if the checkpoint has no such file.

    Args:
        source: A folder, or the name of a repository on the hub.
        name: Name of the file inside it.
        optional: Whether a file that is not in the cache counts as missing while the hub cannot be reached.
        hub: Some of ``HUB_OPTIONS``.

    Raises:
        CheckpointError: The folder or repository does not exist or cannot be reached.
    """
    folder = Path(source)
    if folder.is_dir():
        path = folder / (hub.get("subfolder") or "") / name
        return path if path.is_file() else None
    if folder.is_file():
        raise CheckpointError(f"{folder} is a file; expected the folder of a checkpoint.")
    if folder.is_absolute() or os.fspath(source).startswith(("./", "../", "~")):
        raise CheckpointError(f"There is no folder {folder}; expected the folder of a checkpoint.")
    try:
        found = cached_file(
            os.fspath(source), name, _raise_exceptions_for_missing_entries=not optional, **hub
        )
    except OSError as exc:
        raise CheckpointError(
            f"There is no folder {os.fspath(source)!r}, and the hub did not give {name} of a repository of "
            f"that name. Check the name and the network. ({str(exc).splitlines()[0]})"
        ) from exc
    return None if found is None else Path(found)


def need_file(source: str | os.PathLike[str], name: str, **hub: Any) -> Path:
    """Path of a file that a checkpoint must have.

    Raises:
        CheckpointError: Naming the file.
    """
    path = find_file(source, name, optional=False, **hub)
    if path is None:
        raise CheckpointError(
            f"The checkpoint {os.fspath(source)!r} has no file {name}; expected all processor and tokenizer "
            "files of the released checkpoint beside its weights. Copy the missing file there."
        )
    return path


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        CheckpointError: The file is damaged or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as exc:
        raise CheckpointError(f"{path} is not valid JSON ({exc}). Fetch the file again.") from exc
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds a {type(content).__name__}; expected a JSON object.")
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write an object as sorted, indented JSON, as transformers does."""
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
