"""Loads weights strictly: what does not fit is an error that names the key."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import PreTrainedConfig

from molmo_act.errors import CheckpointError
from molmo_act.models.checkpoint_files import HUB_OPTIONS, is_file, need_file, one_line, read_json
from molmo_act.models.config_sizes import check_sizes_of_weights, check_stated_sizes
from molmo_act.models.stored_layout import check_stored_numbers, check_stored_weights
from molmo_act.models.weight_files import complete_index, listed, stored_tensors, weight_files

PARTS = (("text_config",), ("vit_config", "vision_config"), ("adapter_config",))
"""What config.json must hold; for a missing part transformers takes the sizes of a model of billions."""


class StrictLoading:
    """Mixin for `PreTrainedModel`s: `from_pretrained` refuses missing, unexpected and misshapen weights.

    transformers fills missing weights with random numbers and drops unexpected ones, with a warning; for a
    checkpoint that is meant to point, both mean that it is broken or that it is another model.
    """

    @classmethod
    def from_pretrained(
        cls, source: str | os.PathLike[str], *args: Any, output_loading_info: bool = False, **kwargs: Any
    ) -> Any:
        """Loads a model as `PreTrainedModel.from_pretrained` does, from safetensors files only.

        Args:
            source: A folder, or the name of a repository on the hub.
            args: Handed on.
            output_loading_info: Whether to return, beside the model, what transformers says about its
                weights.
            kwargs: Handed on.

        Returns:
            The model, or the model and a dictionary.

        Raises:
            CheckpointError: There are no safetensors, they are damaged, or a weight is missing, unexpected,
                not finite or of another shape; or config.json is missing, of another architecture or says
                what this library cannot run.
        """
        stated = _check_config(source, cls, kwargs)
        config = cls.complete_config(source, stated, kwargs)
        if config is not stated:
            kwargs.setdefault("config", config)
        kwargs |= {"use_safetensors": True, "ignore_mismatched_sizes": True, "output_loading_info": True}
        local = Path(source).is_dir()
        folder = _folder(source, kwargs)
        if local:
            _check_weights(folder, cls, config)
        try:
            with _without_report(), complete_index(folder) if local else nullcontext(folder) as place:
                if place != folder:  # of links to its files
                    kwargs.pop("subfolder", None)
                given = source if place == folder else place
                model, info = super().from_pretrained(given, *args, **kwargs)  # type: ignore[misc]
        except (SafetensorError, OSError) as exc:
            _check_weights(folder, cls, config)
            raise CheckpointError(
                f"The weights of {os.fspath(source)!r} cannot be read: {one_line(exc)}. Fetch them again."
            ) from exc
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as exc:
            # Sizes that do not go together fail anywhere in the constructors.
            _check_weights(folder, cls, config)
            raise CheckpointError(
                f"No model can be made of {os.fspath(source)!r}: {one_line(exc)}. Check config.json."
            ) from exc
        if not local:  # now they are in the cache
            _check_weights(folder, cls, config)
        model.config.name_or_path = model.name_or_path = os.fspath(source)
        refuse_misfits(source, info)
        check_stored_numbers(source, model)
        return (model, info) if output_loading_info else model

    @classmethod
    def complete_config(
        cls, source: str | os.PathLike[str], config: PreTrainedConfig, options: Mapping[str, Any]
    ) -> PreTrainedConfig:
        """Adds to a configuration what its file leaves for the weights to say.

        Args:
            source: Where both are of.
            config: The configuration.
            options: Those of `from_pretrained`, which say where files come from.

        Returns:
            The configuration.
        """
        return config

    @classmethod
    def check_stated_parts(cls, source: str | os.PathLike[str], config: Mapping[str, Any]) -> None:
        """Refuses a config.json that leaves out what a model is made of.

        Args:
            source: Where it is of.
            config: What it holds.

        Raises:
            CheckpointError: Naming what is missing.
        """
        for names in PARTS:
            if not any(isinstance(config.get(name), dict) for name in names):
                raise CheckpointError(
                    f"config.json of {os.fspath(source)!r} has no {' or '.join(names)}; expected the sizes "
                    "of that part. Fetch the file again."
                )


def check_folder(folder: Path, model_class: Any) -> PreTrainedConfig:
    """Checks a checkpoint as loading does, without loading it.

    Args:
        folder: Where it lies.
        model_class: A `StrictLoading` class.

    Returns:
        Its configuration.

    Raises:
        CheckpointError: Loading would refuse it.
    """
    config = model_class.complete_config(folder, _check_config(folder, model_class, {}), {})
    _check_weights(folder, model_class, config)
    return config


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
    source: str | os.PathLike[str], model_class: Any, options: Mapping[str, Any]
) -> PreTrainedConfig:
    config_class: type[PreTrainedConfig] = model_class.config_class
    hub = {key: options[key] for key in HUB_OPTIONS if options.get(key) is not None}
    config = read_json(need_file(source, "config.json", **hub))
    model_type = config.get("model_type")
    if model_type != config_class.model_type:
        raise CheckpointError(
            f"The checkpoint {os.fspath(source)!r} is of model type {model_type!r}; expected "
            f"{config_class.model_type!r}. Give a checkpoint of that architecture."
        )
    model_class.check_stated_parts(source, config)
    check_stated_sizes(source, config)
    try:
        return config_class.from_pretrained(source, **hub)
    except Exception as exc:  # each field has checks of its own, with errors of many types
        raise CheckpointError(
            f"config.json of {os.fspath(source)!r} cannot be used: {one_line(exc)}"
        ) from exc


def _folder(source: str | os.PathLike[str], options: Mapping[str, Any]) -> Path:
    """Where the files of a checkpoint lie, which may be the cache of the hub."""
    hub = {key: options[key] for key in HUB_OPTIONS if options.get(key) is not None}
    return need_file(source, "config.json", **hub).parent


def _check_weights(folder: Path, model_class: Any, config: PreTrainedConfig) -> None:
    """Refuses weights that cannot be read or are not what the model takes, and damaged small files."""
    settings = folder / "generation_config.json"
    if is_file(settings):
        read_json(settings)  # transformers reads a damaged one as if it were not there
    tensors = stored_tensors(weight_files(folder))
    check_sizes_of_weights(folder, model_class, config, tensors)
    check_stored_weights(model_class, config, tensors)


def refuse_misfits(source: str | os.PathLike[str], info: Mapping[str, Any]) -> None:
    """Refuses weights that do not fit a model.

    Args:
        source: Where the checkpoint is.
        info: "missing_keys" and "unexpected_keys", names; "mismatched_keys", each a name with the shape that
            is stored and the one that is expected.

    Raises:
        CheckpointError: There is one.
    """
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
            said = f"{problem} {listed(map(str, keys))}"
            raise CheckpointError(f"The checkpoint {os.fspath(source)!r} {said}. {fix}.")
