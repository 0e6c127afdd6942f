"""Loads weights strictly: what does not fit is an error that names the key; knows no model's maths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from molmo_act.errors import CheckpointError

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
                of another shape; or the checkpoint is of another architecture.
        """
        _refuse_pickle(source)
        kwargs |= {"use_safetensors": True, "ignore_mismatched_sizes": True, "output_loading_info": True}
        try:
            model, info = super().from_pretrained(source, *args, **kwargs)  # type: ignore[misc]
        except (SafetensorError, ValueError, OSError) as exc:
            reason = str(exc).strip().splitlines()[-1]
            raise CheckpointError(f"The checkpoint {os.fspath(source)!r} cannot be loaded: {reason}") from exc
        _refuse_misfits(source, info)
        return (model, info) if output_loading_info else model


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
