"""load(): from a checkpoint, or an exported model that needs no torch, to a model that points."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload

from molmo_act._optional import TORCH_PACKAGES, needs_torch
from molmo_act.errors import InputError

if TYPE_CHECKING:
    import torch

    from molmo_act.embedded.model import EmbeddedModel
    from molmo_act.embedded.providers import Providers
    from molmo_act.pointing.model import PointingModel
    from molmo_act.reading.guarded import GuardedReader
    from molmo_act.reading.reader import TextReader


@overload
def load(
    name_or_path: str | os.PathLike[str] | None = ...,
    *,
    device: str | torch.device | None = ...,
    device_map: str | torch.device | Mapping[str, str | int | torch.device] | None = ...,
    dtype: str | torch.dtype | None = ...,
    quantization: str | None = ...,
    revision: str | None = ...,
    max_drift_px: float | None = ...,
    providers: None = ...,
    reader: str | TextReader | GuardedReader | None = ...,
) -> PointingModel: ...


@overload
def load(
    name_or_path: str | os.PathLike[str],
    *,
    providers: Providers,
    reader: str | TextReader | GuardedReader | None = ...,
) -> EmbeddedModel: ...


def load(
    name_or_path: str | os.PathLike[str] | None = None,
    *,
    device: str | torch.device | None = None,
    device_map: str | torch.device | Mapping[str, str | int | torch.device] | None = None,
    dtype: str | torch.dtype | None = None,
    quantization: str | None = None,
    revision: str | None = None,
    max_drift_px: float | None = None,
    providers: Providers | None = None,
    reader: str | TextReader | GuardedReader | None = None,
) -> PointingModel | EmbeddedModel:
    """Loads a checkpoint, or a model that ``molmo-act export`` wrote, which runs without torch.

    Args:
        name_or_path: Folder of a checkpoint or of an exported model, or repository on the hub; None or "nano"
            for the bundled nano.
        device: Where a checkpoint runs, see `molmo_act.pointing.load.load`, as for the next five.
        device_map: The same in the words of transformers.
        dtype: Type that a checkpoint runs in.
        quantization: Weights of the language blocks in fewer bits.
        revision: Branch, tag or commit on the hub.
        max_drift_px: With `quantization`: refuse it when it moves any point of the bundled probe images
            further.
        providers: For an exported model: execution providers of ONNX Runtime, the preferred one first, or
            "auto" for the best that work here. A folder with an exported model is recognised without; type
            checkers then expect a `PointingModel`.
        reader: Reads text in images, which `point` and `count` then fuse with what the model sees:
            "rapidocr", a `molmo_act.reading.reader.TextReader`, or one in a
            `molmo_act.reading.guarded.GuardedReader` with a time limit of your own. Tracking and videos are
            left to the model.

    Returns:
        The model, ready to point: a `PointingModel`, or an `EmbeddedModel` of an exported one.

    Raises:
        CheckpointError: The checkpoint or the exported model is missing, of another architecture, incomplete
            or unsafe.
        InputError: An option is unknown, does not fit, or is not for such a model.
        MissingExtraError: Quantization without the extra `quant`, or a reader without the extra `ocr`.
        PlatformError: The device or a provider is not there; or torch is not installed, which checkpoints
            need.
    """
    from molmo_act.formats.exported import export_folder  # starts with NumPy, which a command line need not

    opened = _opened(reader)
    folder = export_folder(name_or_path)
    options: dict[str, Any] = {
        **{"device": device, "device_map": device_map, "dtype": dtype},
        **{"quantization": quantization, "revision": revision, "max_drift_px": max_drift_px},
    }
    if folder is not None:
        from molmo_act.embedded.load import load_exported
        from molmo_act.embedded.providers import refuse_device_options

        refuse_device_options(options)
        exported = load_exported(folder, providers)
        exported.reader = opened
        return exported
    if providers is not None:
        raise InputError(
            f"providers={providers!r} was given with {name_or_path!r}, which is no exported model; expected "
            "a folder that 'molmo-act export CHECKPOINT --out FOLDER' wrote, on a machine with torch."
        )
    try:
        from molmo_act.pointing.load import load as load_checkpoint
    except ModuleNotFoundError as error:
        if error.name not in TORCH_PACKAGES:
            raise
        raise needs_torch("molmo_act.load of a checkpoint", error.name) from error
    model = load_checkpoint(name_or_path, **options)
    model.reader = opened
    return model


def _opened(reader: str | TextReader | GuardedReader | None) -> GuardedReader | None:
    """The reader, before a model is loaded in vain; without one nothing is imported."""
    if reader is None:
        return None
    from molmo_act.reading.opening import open_reader

    return open_reader(reader)
