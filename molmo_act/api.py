"""load(): from a name or a folder to a model that points. Knows checkpoints, asks nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from molmo_act.drift import answer_probes, measure_drift
from molmo_act.errors import CheckpointError, InputError, PlatformError
from molmo_act.modeling import MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.modeling.checkpoint_files import need_file, read_json
from molmo_act.native_molmo2 import Molmo2
from molmo_act.pointing_model import PointingModel
from molmo_act.precision import PrecisionMap
from molmo_act.quantization import name_of, quantization_config, refuse_narrow_blocks

NANO = Path(__file__).parent / "checkpoints" / "nano"
MODEL_CLASSES: dict[str, type[PreTrainedModel]] = {
    "molmo_point": MolmoPointForConditionalGeneration,
    "molmo2": Molmo2,
}


def load(
    name_or_path: str | os.PathLike[str] | None = None,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    quantization: str | None = None,
    revision: str | None = None,
    max_drift_px: float | None = None,
) -> PointingModel:
    """Loads a checkpoint: a MolmoPoint, or a native Molmo2 that writes coordinates as text.

    Args:
        name_or_path: Folder, or repository on the hub; None or "nano" for the bundled nano.
        device: Where to run; None for CUDA where there is one, else the CPU.
        dtype: For example "bfloat16"; None for bfloat16 on CUDA and float32 on the CPU.
        quantization: Weights of the language blocks in fewer bits: "nf4" or "int8" by bitsandbytes (extra
            `quant`), or "int8-dynamic" on a CPU, several times faster there. Not for a checkpoint that is
            stored so already: that loads as it is.
        revision: Branch, tag or commit on the hub.
        max_drift_px: With `quantization`: refuse it when it moves any point of the bundled probe pictures by
            more pixels, or loses or adds one, compared with the model as it is. Loads the model twice, one
            after the other.

    Raises:
        CheckpointError: The checkpoint is missing, of another architecture, incomplete or unsafe; or it
            drifts too far; or more than its language blocks are quantised.
        InputError: An unknown dtype or quantization, one that does not fit this model, or a second one.
        MissingExtraError: Quantization without the extra `quant`.
        PlatformError: The device is not there, or it has no kernels for that quantization.
    """
    if max_drift_px is None:
        return _load(name_or_path, device, dtype, quantization, revision)
    if quantization is None:
        raise InputError("max_drift_px was given without quantization; expected both, or neither.")
    expected = answer_probes(_load(name_or_path, device, dtype, None, revision))
    model = _load(name_or_path, device, dtype, quantization, revision)
    drift = measure_drift(expected, answer_probes(model))
    if drift.worst_px > max_drift_px:
        raise CheckpointError(
            f"quantization={quantization!r} moves points of {model.name} too far ({drift}); at most "
            f"{max_drift_px} px were allowed, with none lost or added. Use another one, or none."
        )
    return model


def _load(
    name_or_path: str | os.PathLike[str] | None,
    device: str | torch.device | None,
    dtype: str | torch.dtype | None,
    quantization: str | None,
    revision: str | None,
) -> PointingModel:
    source = _source(name_or_path)
    place = _device(device)
    hub = {} if revision is None else {"revision": revision}
    config = read_json(need_file(source, "config.json", **hub))
    model_type = config.get("model_type")
    if model_type not in MODEL_CLASSES:
        raise CheckpointError(
            f"The checkpoint {os.fspath(source)!r} is of model type {model_type!r}; expected "
            f"{' or '.join(map(repr, MODEL_CLASSES))}. Give a MolmoPoint or Molmo2 checkpoint."
        )
    options = {"dtype": _dtype(dtype, place), **_quantization(source, config, quantization, place)}
    model = MODEL_CLASSES[model_type].from_pretrained(source, **options, **hub)
    if "device_map" not in options:
        model = model.to(place)
    refuse_narrow_blocks(model)
    PrecisionMap.of(model).check(config.get("precision_map"))
    processor = MolmoPointProcessor.from_pretrained(source, **hub)
    return PointingModel(model.eval(), processor, Path(source).name if source == NANO else str(source))


def _source(name_or_path: str | os.PathLike[str] | None) -> str | os.PathLike[str]:
    """Where the checkpoint is; a folder of one's own that is called nano goes before the bundled one."""
    if name_or_path is None or (name_or_path == NANO.name and not Path(NANO.name).exists()):
        return NANO
    return name_or_path


def _quantization(
    source: str | os.PathLike[str], config: Mapping[str, Any], wanted: str | None, place: torch.device
) -> dict[str, Any]:
    """Options of `from_pretrained` for a checkpoint that is, or is to be, stored in fewer bits."""
    stored = config.get("quantization_config")
    if stored is not None and wanted is not None:
        raise InputError(
            f"The checkpoint {os.fspath(source)!r} is stored as {name_of(stored)} already, and quantization "
            f"{wanted!r} was asked for. Leave quantization out, or give the original checkpoint."
        )
    name = wanted if stored is None else name_of(stored)
    if name is None:
        return {}
    wanted_config = quantization_config(name, place)  # asked for in any case: it proves a kernel
    options: dict[str, Any] = {"quantization_config": wanted_config} if stored is None else {}
    if name != "int8-dynamic":
        options["device_map"] = {"": place}  # bitsandbytes moves no layers afterwards
    return options


def _device(device: str | torch.device | None) -> torch.device:
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        place = torch.device(device)
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError) as exc:
        reason = str(exc).splitlines()[0]
        raise PlatformError(
            f"The device {device!r} cannot be used here ({reason}). Try device='cpu'."
        ) from exc
    return place


def _dtype(dtype: str | torch.dtype | None, place: torch.device) -> torch.dtype:
    if dtype is None:
        return torch.float32 if place.type == "cpu" else torch.bfloat16
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise InputError(f"dtype is {dtype!r}; expected 'float32', 'bfloat16' or 'float16'.")
    return found
