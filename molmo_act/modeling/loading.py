"""Loads weights strictly: what does not fit is an error that names the key; knows no model's maths."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import PreTrainedConfig

from molmo_act.errors import CheckpointError
from molmo_act.modeling.checkpoint_files import HUB_OPTIONS, need_file, read_json

_SHOWN = 5


class StrictLoading:
    """Mixin for `PreTrainedModel`s: `from_pretrained` refuses missing, unexpected and misshapen weights.

    transformers fills missing weights with random numbers and drops unexpected ones, with a warning; for a
    checkpoint that is meant to point, both mean that it is broken or that it is another model.
    """

    @classmethod
    def from_pretrained(
        cls, source: str | os.PathLike[str], *args: Any, output_loading_info: bool = False, **kwargs: Any
    ) -> Any:
        """As `PreTrainedModel.from_pretrained`, from safetensors files only.

        Raises:
            CheckpointError: There are no safetensors, they are damaged, or a weight is missing, unexpected or
                of another shape; or config.json is missing, of another architecture or says what this
                library cannot run.
        """
        _check_config(source, cls.config_class, kwargs)  # type: ignore[attr-defined]
        _refuse_pickle(source)
        kwargs |= {"use_safetensors": True, "ignore_mismatched_sizes": True, "output_loading_info": True}
        try:
            with _without_report():
                model, info = super().from_pretrained(source, *args, **kwargs)  # type: ignore[misc]
        except (SafetensorError, OSError) as exc:
            raise CheckpointError(
                f"The weights of {os.fspath(source)!r} cannot be read: {_one_line(exc)}. Fetch them again."
            ) from exc
        except (ValueError, KeyError) as exc:  # KeyError: config.json names a function that is not there
            raise CheckpointError(
                f"No model can be made of {os.fspath(source)!r}: {_one_line(exc)}. Check config.json."
            ) from exc
        _refuse_misfits(source, info)
        return (model, info) if output_loading_info else model


@contextmanager
def _without_report() -> Iterator[None]:
    """Keeps transformers from printing a table of misfits, which we say in one line."""
    logger = logging.getLogger("transformers.modeling_utils")
    logger.addFilter(_is_error)
    try:
        yield
    finally:
        logger.removeFilter(_is_error)


def _is_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


def _check_config(
    source: str | os.PathLike[str], config_class: type[PreTrainedConfig], options: Mapping[str, Any]
) -> None:
    hub = {key: options[key] for key in HUB_OPTIONS if options.get(key) is not None}
    model_type = read_json(need_file(source, "config.json", **hub)).get("model_type")
    if model_type != config_class.model_type:
        raise CheckpointError(
            f"The checkpoint {os.fspath(source)!r} is of model type {model_type!r}; expected "
            f"{config_class.model_type!r}. Give a checkpoint of that architecture."
        )
    try:
        config_class.from_pretrained(source, **hub)
    except Exception as exc:  # each field has checks of its own, with errors of many types
        raise CheckpointError(
            f"config.json of {os.fspath(source)!r} cannot be used: {_one_line(exc)}"
        ) from exc


def _one_line(exc: Exception) -> str:
    return " ".join(str(exc).split())


def _refuse_pickle(source: str | os.PathLike[str]) -> None:
    folder = Path(source)
    if not folder.is_dir() or list(folder.glob("*.safetensors")):
        return
    pickles = sorted(
        path.name for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt") for path in folder.glob(pattern)
    )
    if pickles:
        raise CheckpointError(
            f"The checkpoint {os.fspath(source)!r} keeps its weights in {pickles[0]}, a pickle, which can "
            "run code when it is read. Expected *.safetensors: convert it where you trust it."
        )
    raise CheckpointError(
        f"The checkpoint {os.fspath(source)!r} has no weights: no *.safetensors file in the folder. Copy "
        "model.safetensors (and its index, if it is in parts) there."
    )


def _refuse_misfits(source: str | os.PathLike[str], info: dict[str, Any]) -> None:
    misshapen = [
        f"{key} is {tuple(got)}, expected {tuple(want)}" for key, got, want in info["mismatched_keys"]
    ]
    for problem, keys, fix in (
        ("lacks", info["missing_keys"], "The file is incomplete or of another model; fetch it again"),
        (
            "has weights this model does not know:",
            info["unexpected_keys"],
            "It is of another model; check config.json",
        ),
        ("has weights of another shape:", misshapen, "config.json and the weights are of different models"),
    ):
        if keys:
            shown = ", ".join(sorted(map(str, keys))[:_SHOWN])
            more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
            raise CheckpointError(f"The checkpoint {os.fspath(source)!r} {problem} {shown}{more}. {fix}.")
