"""Reads and writes the recipe of a run, `recipe.json` in its folder."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from model.train.config.base import Recipe
from model.train.config.nano import NanoRecipe
from model.train.config.packed import PackedRecipe
from model.train.config.temporal import TemporalRecipe
from model.train.config.video_molmo import VideoMolmoRecipe
from model.train.errors import TrainingError
from molmo_act.errors import CheckpointError
from molmo_act.io.atomic import atomic_file

FILE = "recipe.json"
KINDS: dict[str, type[Recipe]] = {
    kind.kind: kind for kind in (PackedRecipe, NanoRecipe, TemporalRecipe, VideoMolmoRecipe)
}

Config = TypeVar("Config")


def refuse_another(folder: Path, recipe: Recipe) -> None:
    """Checks that the run in a folder, if there is one, may be resumed with a recipe.

    Args:
        folder: Folder of the run.
        recipe: The recipe to train with.

    Raises:
        TrainingError: The run has another recipe; the message lists the keys that differ.
        CheckpointError: Its recipe cannot be read.
    """
    path, now = folder / FILE, _values(recipe)
    if not path.exists():
        return
    before = _read(path)
    changed = [
        f"{key} was {before.get(key)!r} and is {now.get(key)!r}"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key) and key not in recipe.may_change
    ]
    if changed:
        raise TrainingError(
            f"{folder} holds a run of another recipe: {'; '.join(changed)}. Go on with the same one, give "
            "another folder, or say --new-recipe if the run shall go on with this one."
        )


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Writes the recipe that the run in a folder follows from now on.

    Args:
        folder: Folder of the run.
        recipe: The recipe.
    """
    with atomic_file(folder / FILE, durable=True) as partial:
        partial.write_text(json.dumps(_values(recipe), indent=2) + "\n")


def read_recipe(folder: Path) -> Recipe:
    """Reads the recipe of a run; keys that it lacks have their defaults.

    Args:
        folder: Folder of the run.

    Raises:
        CheckpointError: The folder holds no run, or its recipe cannot be read.
    """
    path = folder / FILE
    if not path.exists():
        raise CheckpointError(
            f"{folder} holds no run: it has no {FILE}. Give a folder of python -m model.train."
        )
    values = _read(path)
    kind = KINDS.get(values.get("kind", ""))
    if kind is None:
        raise CheckpointError(f'{path} is of no known kind; expected {" or ".join(KINDS)} as its "kind".')
    return _filled(kind(), values)


def _read(path: Path) -> dict[str, Any]:
    """Values by key; keys of older runs get their names of today."""
    try:
        values: dict[str, Any] = dict(json.loads(path.read_text()))
    except (ValueError, TypeError) as exc:
        raise CheckpointError(f"{path} is damaged ({exc}). Write it anew, or give another folder.") from exc
    kind = KINDS.get(values.get("kind", ""), Recipe)
    return {kind.renamed.get(key, key): value for key, value in values.items()}


def _values(recipe: Recipe) -> dict[str, Any]:
    return {"kind": recipe.kind, **asdict(recipe)}


def _filled(config: Config, values: dict[str, Any]) -> Config:
    changes = {}
    for field in fields(config):  # type: ignore[arg-type]
        value = values.get(field.name, getattr(config, field.name))
        old = getattr(config, field.name)
        changes[field.name] = _filled(old, value) if is_dataclass(old) and isinstance(value, dict) else value
    return replace(config, **changes)  # type: ignore[type-var]
