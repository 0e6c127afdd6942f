"""Writes a model and its processor as a checkpoint folder, for the library and for training."""

from __future__ import annotations

import os
import re
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from transformers import PreTrainedModel

from molmo_act.errors import CheckpointError, PlatformError
from molmo_act.io.atomic import atomic_files, explain_write_errors
from molmo_act.models.matching_parts import check_parts
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor
from molmo_act.models.stored_layout import check_stored_numbers
from molmo_act.models.strict_loading import check_folder


def save_checkpoint(
    model: PreTrainedModel,
    processor: MolmoPointProcessor,
    folder: str | os.PathLike[str],
    *,
    original_format: bool = True,
) -> None:
    """Writes everything into a folder of its own first, then moves it to its place, file by file.

    Weights that the folder held before go, also those of other names, which might be read instead of the new
    ones; its other files, such as a README.md, stay.

    Args:
        model: Stored as it is.
        processor: Of the model.
        folder: Created if it does not exist.
        original_format: Whether weights get the names of the released format; False for quantized ones, which
            are packed and cannot be joined: they keep the names of transformers' own classes.

    Raises:
        InputError: The folder cannot be written: it is a file or read-only, or the disk is full, or a folder
            is in the place of a file. It then is as it was before.
        PlatformError: What was written differs from the weights in memory, or could not be loaded.
    """
    with (
        explain_write_errors(folder, kind="a checkpoint"),
        atomic_files(folder, replaces=["model*.safetensors*"]) as unfinished,
    ):
        try:
            model.save_pretrained(unfinished, save_original_format=original_format)
        except SafetensorError as exc:
            raise _system_error(exc) from exc
        processor.save_pretrained(unfinished)
        if not original_format:
            _compare(model, unfinished)
        _check(model, processor, unfinished)


def _check(model: PreTrainedModel, processor: MolmoPointProcessor, folder: Path) -> None:
    """Refuses what loading would refuse, before it takes the place of what can be loaded."""
    try:
        check_folder(folder, type(model))
        check_stored_numbers(folder, model)
        check_parts(folder, model, processor)
    except CheckpointError as exc:
        reason = str(exc).replace(f"{folder}{os.sep}", "")
        raise PlatformError(
            f"The model cannot be saved as a checkpoint that loads: {reason} Nothing was written; load the "
            "original checkpoint again, and change neither types nor numbers of its weights."
        ) from exc


def _system_error(exc: SafetensorError) -> OSError:
    """What safetensors passes on as text only: "… I/O error: No space left on device (os error 28)"."""
    found = re.search(r"\(os error (\d+)\)", str(exc))
    return OSError(str(exc)) if found is None else OSError(int(found[1]), os.strerror(int(found[1])))


def _compare(model: PreTrainedModel, folder: Path) -> None:
    """Reads quantized weights again, since a library that packs them may not give them back as they were."""
    expected: dict[str, Tensor] = model.state_dict()
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118
                if not torch.equal(file.get_tensor(name), expected[name].cpu()):
                    raise PlatformError(
                        f"{name} was written with other numbers than the model has. Nothing was saved: load "
                        "the checkpoint again, save it before it has answered, and report this."
                    )
