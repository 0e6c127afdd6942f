"""Saves and restores a training run as safetensors, whole or not at all; knows tensors and counters only."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, safe_open, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from molmo_act.errors import CheckpointError

FILE = "run.safetensors"


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        step: Optimiser steps done, and number of the next batch of the stream.
        seconds: Wall-clock seconds spent training, over all resumes.
        pictures, queries: What has been shown so far.
    """

    step: int = 0
    seconds: float = 0.0
    pictures: int = 0
    queries: int = 0


def _optimizer_tensors(optimizers: list[Optimizer]) -> dict[str, Tensor]:
    tensors = {}
    for number, optimizer in enumerate(optimizers):
        for index, state in optimizer.state_dict()["state"].items():
            for key, value in state.items():
                tensors[f"optimizer.{number}.{index}.{key}"] = torch.as_tensor(value).clone()
    return tensors


def save_run(folder: Path, model: nn.Module, optimizers: list[Optimizer], progress: Progress) -> None:
    """Writes everything needed to go on exactly; the last good file stays until the new one is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"model.{name}": value.detach().clone() for name, value in model.named_parameters()}
    tensors |= _optimizer_tensors(optimizers)
    partial = folder / (FILE + ".partial")
    save_file(tensors, partial, metadata={"progress": json.dumps(vars(progress))})
    os.replace(partial, folder / FILE)


def load_run(folder: Path, model: nn.Module, optimizers: list[Optimizer]) -> Progress:
    """Restores a run in place; a folder without one starts from the beginning.

    Raises:
        CheckpointError: The saved run is of another model.
    """
    path = folder / FILE
    if not path.exists():
        return Progress()
    tensors = load_file(path)
    parameters = dict(model.named_parameters())
    saved = {name[6:]: value for name, value in tensors.items() if name.startswith("model.")}
    if {n: p.shape for n, p in parameters.items()} != {n: v.shape for n, v in saved.items()}:
        raise CheckpointError(
            f"{path} was saved by a run of another model. Give another --run folder, or delete this one."
        )
    with torch.no_grad():
        for name, value in saved.items():
            parameters[name].copy_(value)
    for number, optimizer in enumerate(optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith(f"optimizer.{number}."):
                _, _, index, key = name.split(".", 3)
                state.setdefault(int(index), {})[key] = value
        optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
    with safe_open(path, framework="pt") as file:
        return Progress(**json.loads(file.metadata()["progress"]))
