"""Reads, checks and writes the settings files of image and video processors. Knows no pixels."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from molmo_act.errors import CheckpointError
from molmo_act.modeling.checkpoint_files import find_file, need_file, read_json, write_json

BILINEAR = 2
"""What ``resample`` says in the released files (PIL's number); no released model used anything else."""


class Configured(Protocol):
    """What has settings in a file of its own."""

    config_file: str

    def to_dict(self) -> dict[str, Any]: ...


def read_settings(source: str | os.PathLike[str], name: str, section: str, **hub: Any) -> dict[str, Any]:
    """Settings of one part of a processor.

    transformers 5 writes them as a section of ``processor_config.json``, earlier versions as a file of their
    own; the section wins, as in transformers.

    Raises:
        CheckpointError: There is neither, or one of them is damaged.
    """
    combined = find_file(source, "processor_config.json", **hub)
    if combined is not None:
        settings = read_json(combined).get(section)
        if isinstance(settings, dict):
            return settings
    return read_json(need_file(source, name, **hub))


def square_side(size: Mapping[str, int], file: str) -> int:
    """The side of a square given as height and width.

    Raises:
        CheckpointError: It is no square.
    """
    if size.get("height") != size.get("width") or not isinstance(size.get("height"), int):
        raise CheckpointError(
            f"{file}: size is {dict(size)}; expected the same whole number as height and width."
        )
    return size["height"]


def refuse_unknown_resampling(resample: int, file: str) -> None:
    """Raise CheckpointError unless ``resample`` means bilinear."""
    if resample != BILINEAR:
        raise CheckpointError(
            f"{file}: resample is {resample}; expected {BILINEAR} (bilinear), as in all models."
        )


def need_settings(settings: Mapping[str, Any], names: Sequence[str], key: str, kind: str, file: str) -> None:
    """Raise CheckpointError unless all settings are there and ``key``, if given, says ``kind``."""
    if settings.get(key, kind) != kind:
        raise CheckpointError(
            f"{file}: {key} is {settings[key]!r}; expected {kind!r}. Is it another model's file?"
        )
    missing = [name for name in names if settings.get(name) is None]
    if missing:
        raise CheckpointError(f"{file} does not say {', '.join(missing)}; expected the settings of a {kind}.")


def save_settings(processor: Configured, folder: str | os.PathLike[str]) -> list[str]:
    """Write ``to_dict`` of a processor to its ``config_file`` and return the path in a list."""
    path = Path(folder) / processor.config_file
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, processor.to_dict())
    return [str(path)]
