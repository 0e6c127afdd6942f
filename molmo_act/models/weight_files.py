"""Says which files hold the weights of a checkpoint, and what is in them, before any number is read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors import SafetensorError, safe_open

from molmo_act.errors import CheckpointError
from molmo_act.models.checkpoint_files import check_readable, is_file, one_line, read_json, write_json

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_SHOWN = 5


@dataclass(frozen=True)
class StoredTensor:
    """One tensor of a file of weights.

    Attributes:
        shape: Its sizes.
        dtype: Its type, as safetensors calls it: "F32", "BF16", "U8".
        path: The file.
    """

    shape: tuple[int, ...]
    dtype: str
    path: Path


def weight_files(folder: Path) -> list[Path]:
    """Finds the files that hold a checkpoint's weights.

    Args:
        folder: Of the checkpoint.

    Returns:
        One file, or those that the index names.

    Raises:
        CheckpointError: There are none, they are pickled, the index cannot be used, or files that it names
            are missing.
    """
    if is_file(folder / WEIGHTS):
        return [folder / WEIGHTS]
    if is_file(folder / INDEX):
        return _indexed(folder)
    parts = sorted(path.name for path in folder.glob("*.safetensors"))
    if parts:
        raise CheckpointError(
            f"The checkpoint {str(folder)!r} has neither {WEIGHTS} nor {INDEX}, which says what is in "
            f"{listed(parts)}. Copy it there; or, if that is one whole file, call it {WEIGHTS}."
        )
    pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
    if pickles:
        raise CheckpointError(
            f"The checkpoint {str(folder)!r} keeps its weights in {pickles[0]}, a pickle, which can run code "
            "when it is read. Expected *.safetensors: convert it where you trust it."
        )
    programs = listed(path.name for path in folder.glob("*.py"))
    if programs:
        raise CheckpointError(
            f"The checkpoint {str(folder)!r} has no weights, but programs ({programs}), which are not run: "
            f"this library has its own. Copy {WEIGHTS} (and its index, if it is in parts) there."
        )
    raise CheckpointError(
        f"The checkpoint {str(folder)!r} has no weights: no *.safetensors file in the folder. Copy {WEIGHTS} "
        "(and its index, if it is in parts) there."
    )


def stored_tensors(files: Iterable[Path]) -> dict[str, StoredTensor]:
    """Reads which tensors files hold, without their numbers.

    Args:
        files: See `weight_files`.

    Returns:
        Name → tensor, of all files.

    Raises:
        CheckpointError: Files cannot be read; all of these are named.
    """
    found: dict[str, StoredTensor] = {}
    damaged: dict[Path, str] = {}
    for path in files:
        check_readable(path)
        try:
            with safe_open(path, "pt") as file:
                for name in file.keys():  # noqa: SIM118
                    tensor = file.get_slice(name)
                    found[name] = StoredTensor(tuple(tensor.get_shape()), tensor.get_dtype(), path)
        except (SafetensorError, OSError) as exc:
            damaged[path] = one_line(exc)
    if damaged:
        folder = next(iter(damaged)).parent
        shown = listed(f"{path.name} ({reason})" for path, reason in damaged.items())
        raise CheckpointError(f"The weights of {str(folder)!r} cannot be read: {shown}. Fetch them again.")
    return found


@contextmanager
def complete_index(folder: Path) -> Iterator[Path]:
    """A folder whose index transformers can read: it needs 'metadata', which says nothing about weights.

    Args:
        folder: Of a checkpoint that `weight_files` has accepted.

    Yields:
        The folder; or, where its index lacks them, one of links to its files for the length of the block.
    """
    if is_file(folder / WEIGHTS) or isinstance(read_json(folder / INDEX).get("metadata"), dict):
        yield folder
        return
    with TemporaryDirectory(prefix="molmo-act-") as beside:
        for path in folder.iterdir():
            if path.name != INDEX:
                os.symlink(path.absolute(), Path(beside) / path.name)
        write_json(Path(beside) / INDEX, {**read_json(folder / INDEX), "metadata": {}})
        yield Path(beside)


def _indexed(folder: Path) -> list[Path]:
    path = folder / INDEX
    index = read_json(path)
    weights = index.get("weight_map")
    if not isinstance(weights, dict) or not weights:
        said = "has no 'weight_map'" if "weight_map" not in index else f"says 'weight_map': {weights!r:.100}"
        raise _wrong_index(path, said)
    for weight, name in weights.items():
        if not isinstance(name, str) or name != Path(name).name or not name.endswith(".safetensors"):
            raise _wrong_index(path, f"says that {weight!r:.100} is in {name!r:.100}")
    if not isinstance(index.get("metadata", {}), (dict, type(None))):
        raise _wrong_index(path, f"says 'metadata': {index['metadata']!r:.100}")
    files = [folder / name for name in sorted(set(weights.values()))]
    missing = [file.name for file in files if not is_file(file)]
    if missing:
        raise CheckpointError(
            f"{path} names files that are not there: {listed(missing)}. Copy them beside it."
        )
    return files


def _wrong_index(path: Path, said: str) -> CheckpointError:
    return CheckpointError(
        f"{path} is no index of weights: it {said}; expected 'weight_map', the names of weights with those "
        "of *.safetensors files beside it. Fetch the file again."
    )


def listed(names: Iterable[str]) -> str:
    """Lists names for an error: the first few, and how many more there are."""
    names = sorted(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
