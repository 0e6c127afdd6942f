"""load(): from the name or folder of a checkpoint to a model that points."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from molmo_act.errors import CheckpointError, InputError, PlatformError
from molmo_act.generation.forking import run_forks_on_one_thread
from molmo_act.generation.own_settings import own_settings
from molmo_act.models.checkpoint_files import hub_options, is_path, need_file, read_json
from molmo_act.models.cpu_layout import prepare_for_cpu
from molmo_act.models.matching_parts import check_parts
from molmo_act.models.molmo import MolmoForConditionalGeneration, MolmoProcessor
from molmo_act.models.molmo2 import Molmo2
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.models.progress import progress_on_terminals
from molmo_act.pointing.model import PointingModel
from molmo_act.quantization.config import NAMES as QUANTIZATIONS
from molmo_act.quantization.config import (
    cast_floating_weights,
    check_block_sizes,
    quantization_config,
    quantization_name,
)
from molmo_act.quantization.drift import answer_probes, measure_drift
from molmo_act.quantization.nf4_layout import keep_released_layout
from molmo_act.quantization.precision import PrecisionMap
from molmo_act.validation import check_choice, check_number, check_path, wrong

NANO = Path(__file__).parents[1] / "checkpoints" / "nano"
DTYPES = {
    **{"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16},
    **{"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16},
}
"""Names of the types that models run in."""
AUTO_DEVICES = ("cuda", "mps", "xpu")
"""What ``device="auto"`` takes where it is there, the first one first; else the CPU."""
MODEL_CLASSES: dict[str, type[PreTrainedModel]] = {
    "molmo_point": MolmoPointForConditionalGeneration,
    "molmo2": Molmo2,
    "molmo": MolmoForConditionalGeneration,
}
PROCESSOR_CLASSES: dict[str, type[MolmoPointProcessor]] = {"molmo": MolmoProcessor}
"""Of checkpoints whose processor is another than that of MolmoPoint."""


@own_settings()
def load(
    name_or_path: str | os.PathLike[str] | None = None,
    *,
    device: str | torch.device | None = None,
    device_map: str | torch.device | Mapping[str, str | int | torch.device] | None = None,
    dtype: str | torch.dtype | None = None,
    quantization: str | None = None,
    revision: str | None = None,
    max_drift_px: float | None = None,
) -> PointingModel:
    """Loads a checkpoint: a MolmoPoint, or a Molmo 2 or Molmo 1, which write coordinates as text.

    Args:
        name_or_path: Folder, or repository on the hub; None or "nano" for the bundled nano.
        device: Where to run; None for CUDA where there is one, else the CPU; "auto" for the first of CUDA,
            MPS and XPU that is there, else the CPU.
        device_map: The same in the words of transformers: a device, "auto", or a map whose parts all lie on
            one device, such as ``{"": "cuda:0"}``. A model runs on one device here.
        dtype: "float32", "bfloat16" or "float16", or "fp32", "bf16" or "fp16"; None for float32 on the CPU
            and bfloat16 elsewhere. What is quantized stays so.
        quantization: Weights of the language blocks in fewer bits: "nf4" or "int8" by bitsandbytes (extra
            `quant`), or "int8-dynamic" on a CPU, several times faster there. Not for a checkpoint that is
            stored so already: that loads as it is.
        revision: Branch, tag or commit on the hub; not for a folder or the bundled nano, which have none.
        max_drift_px: With `quantization`: refuse it when it moves any point of the bundled probe images by
            more pixels, or loses or adds one, compared with the unquantized model. Loads the model twice, one
            after the other.

    Returns:
        The model, ready to point.

    Raises:
        CheckpointError: The checkpoint is missing, of another architecture, incomplete or unsafe; or it
            drifts too far; or more than its language blocks are quantized.
        InputError: An unknown dtype or quantization, one that does not fit this model, or a second one; a
            revision of what has none.
        MissingExtraError: Quantization without the extra `quant`.
        PlatformError: The device is not there, or it has no kernels for that quantization.
    """
    check_path("name_or_path", name_or_path, none="for the bundled nano")
    check_choice("quantization", quantization, QUANTIZATIONS, none="for the weights as they are")
    check_number("max_drift_px", max_drift_px, least=0, what="pixels", none="for any drift", finite=False)
    _check_revision(name_or_path, revision)
    run_forks_on_one_thread()
    if device is not None and device_map is not None:
        given = f"device {device!r} and device_map {device_map!r}"
        raise InputError(f"{given} were given; expected one of them.")
    place = _device(device if device_map is None else _mapped_device(device_map))
    weights = _dtype(dtype, place)
    if max_drift_px is None:
        return _load(name_or_path, place, weights, quantization, revision)
    if quantization is None:
        raise InputError("max_drift_px was given without quantization; expected both, or neither.")
    expected = answer_probes(_load(name_or_path, place, weights, None, revision))
    model = _load(name_or_path, place, weights, quantization, revision)
    drift = measure_drift(expected, answer_probes(model))
    if drift.worst_px > max_drift_px:
        raise CheckpointError(
            f"quantization={quantization!r} moves points of {model.name} too far ({drift}); at most "
            f"{max_drift_px} px were allowed, with none lost or added. Use another one, or none."
        )
    return model


def _load(
    name_or_path: str | os.PathLike[str] | None,
    place: torch.device,
    dtype: torch.dtype,
    quantization: str | None,
    revision: str | None,
) -> PointingModel:
    source = checkpoint_source(name_or_path)
    hub = hub_options(source, {} if revision is None else {"revision": revision})
    config = read_json(need_file(source, "config.json", **hub))
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or model_type not in MODEL_CLASSES:
        raise CheckpointError(
            f"The checkpoint {os.fspath(source)!r} is of model type {model_type!r}; expected "
            f"{' or '.join(map(repr, MODEL_CLASSES))}. Give a MolmoPoint, Molmo 2 or Molmo 1 checkpoint."
        )
    options = {"dtype": dtype, **_quantization(source, config, quantization, place)}
    with progress_on_terminals():
        model = MODEL_CLASSES[model_type].from_pretrained(source, **options, **hub)
    if "device_map" not in options:
        model = model.to(place)
    cast_floating_weights(model, dtype)
    if place.type == "cpu":
        prepare_for_cpu(model)
    check_block_sizes(model)
    keep_released_layout(model)
    # What was asked for is not what is stored: the map of the checkpoint is of its own weights.
    PrecisionMap.of(model).check(config.get("precision_map") if quantization is None else None)
    processor = PROCESSOR_CLASSES.get(model_type, MolmoPointProcessor).from_pretrained(source, **hub)
    check_parts(source, model, processor)
    loaded = PointingModel(model.eval(), processor, short_name(source))
    _ = loaded.runtime.grammar  # which a tokenizer may lack words for
    loaded.runtime.check_prompts()
    return loaded


def _check_revision(name_or_path: str | os.PathLike[str] | None, revision: object) -> None:
    if revision is None:
        return
    if not isinstance(revision, str) or not revision:
        raise wrong("revision", revision, "the name of a branch, tag or commit")
    source = checkpoint_source(name_or_path)
    if is_path(source):
        what = "the bundled nano" if source == NANO else f"the folder {os.fspath(source)!r}"
        raise InputError(
            f"revision {revision!r} was given, but {what} has no revisions. Leave it out, or give the name "
            "of a repository on the hub."
        )


def checkpoint_source(name_or_path: str | os.PathLike[str] | None) -> str | os.PathLike[str]:
    """Says where a checkpoint is; a folder of one's own that is called nano goes before the bundled one.

    Args:
        name_or_path: See `load`.

    Returns:
        A folder, or the name of a repository on the hub.
    """
    if name_or_path is None or (name_or_path == NANO.name and not Path(NANO.name).exists()):
        return NANO
    return name_or_path


def short_name(source: str | os.PathLike[str]) -> str:
    """What a model is called.

    Args:
        source: See `checkpoint_source`.

    Returns:
        "nano" for the bundled one, else where the checkpoint is.
    """
    return NANO.name if source == NANO else str(source)


def _quantization(
    source: str | os.PathLike[str], config: Mapping[str, Any], wanted: str | None, place: torch.device
) -> dict[str, Any]:
    """Options of `from_pretrained` for a checkpoint that is, or is to be, stored in fewer bits."""
    stored = config.get("quantization_config")
    if stored is not None and not (
        isinstance(stored, Mapping) and quantization_name(stored) in QUANTIZATIONS
    ):
        raise CheckpointError(
            f"config.json of {os.fspath(source)!r} says 'quantization_config': {stored!r:.200}; expected "
            f"{', '.join(map(repr, QUANTIZATIONS))}. Give the original checkpoint."
        )
    if stored is not None and wanted is not None:
        raise InputError(
            f"The checkpoint {os.fspath(source)!r} is stored as {quantization_name(stored)} already, and "
            f"quantization {wanted!r} was asked for. Leave quantization out, or give the original checkpoint."
        )
    name = wanted if stored is None else quantization_name(stored)
    if name is None:
        return {}
    wanted_config = quantization_config(name, place)  # asked for in any case: it proves a kernel
    options: dict[str, Any] = {"quantization_config": wanted_config} if stored is None else {}
    if name != "int8-dynamic":
        options["device_map"] = {"": place}  # bitsandbytes moves no layers afterwards
    return options


def _mapped_device(
    device_map: str | torch.device | Mapping[str, str | int | torch.device],
) -> str | torch.device:
    """The one device on which a map of transformers places every part."""
    if not isinstance(device_map, Mapping):
        return device_map
    places = {f"cuda:{place}" if type(place) is int else str(place) for place in device_map.values()}
    if len(places) != 1:
        listed = ", ".join(sorted(places)) or "nothing"
        raise PlatformError(
            f"device_map places parts on {listed}; a model runs on one device here. Give device='cuda:0', "
            "and quantization='nf4' where it does not fit."
        )
    return places.pop()


def _device(device: str | torch.device | None) -> torch.device:
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device == "auto":
        there = (kind for kind in AUTO_DEVICES if getattr(torch, kind).is_available())
        return torch.device(next(there, "cpu"))
    if not isinstance(device, (str, torch.device)):
        raise wrong("device", device, "a device such as 'cpu' or 'cuda:0', or None for the best")
    try:
        place = torch.device(device)
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError) as exc:
        reason = str(exc).splitlines()[0]
        raise PlatformError(
            f"The device {device!r} cannot be used here ({reason}). Try device='auto' or device='cpu'."
        ) from exc
    if place.type == "meta":
        raise PlatformError("The device 'meta' holds no numbers, so no model runs on it. Try device='cpu'.")
    return place


def _dtype(dtype: str | torch.dtype | None, place: torch.device) -> torch.dtype:
    if dtype is None:
        return torch.float32 if place.type == "cpu" else torch.bfloat16
    found = DTYPES.get(dtype) if isinstance(dtype, str) else dtype
    if not isinstance(found, torch.dtype) or found not in DTYPES.values():
        expected = "'float32' or 'fp32', 'bfloat16' or 'bf16', 'float16' or 'fp16', or None for the best"
        raise wrong("dtype", dtype, expected)
    return found
