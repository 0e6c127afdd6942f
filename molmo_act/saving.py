"""Writes a model and its processor as a checkpoint folder. Knows files, no pixels."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from transformers import PreTrainedModel

from molmo_act.errors import InputError
from molmo_act.modeling import MolmoPointProcessor
from molmo_act.precision import PrecisionMap


def save_checkpoint(
    model: PreTrainedModel, processor: MolmoPointProcessor, folder: str | os.PathLike[str]
) -> None:
    """Writes everything beside the folder first, then moves it there.

    Weights that the folder held before go, also those of other names, which might be read instead of the new
    ones; its other files stay.

    Args:
        model: In floating point it is written in the released format; quantised, under the names of
            transformers' own classes, since packed weights cannot be joined.
        processor: Of the model.
        folder: Where to.

    Raises:
        InputError: It is no folder and cannot become one.
    """
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InputError(f"Cannot write a checkpoint to {str(folder)!r}: {exc.strerror}.") from exc
    precision = PrecisionMap.of(model)
    model.config.precision_map = dict(precision.stored)
    with tempfile.TemporaryDirectory(dir=target.parent) as beside:
        model.save_pretrained(beside, save_original_format=not precision.quantised)
        processor.save_pretrained(beside)
        written = [path.name for path in Path(beside).iterdir()]
        for name in written:
            shutil.move(Path(beside) / name, target / name)
    for old in target.glob("model*.safetensors*"):
        if old.name not in written:
            old.unlink()
