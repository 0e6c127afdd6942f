"""Saves and restores a run over all its processes, whole or not at all; knows tensors and JSON, no training.

A save is a folder `step_00000200` with one safetensors file for each process: its pieces of the weights that
learn, of the optimiser's state, its random numbers, and where its data go on. It is written under a temporary
name and renamed when all processes are done. The two newest saves are kept.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from model.train.errors import TrainingError
from model.train.sharding import SPLIT_AXIS, local
from model.train.world import World
from molmo_act.errors import CheckpointError

PARTIAL = ".partial"
KEPT = 2
SPARE = 1.05
"""Free space that must be there before a save begins, as a multiple of its size."""


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        step: Optimiser steps done.
        seconds: Spent in them, over all resumes.
        examples, tokens: Shown so far, over all processes.
    """

    step: int = 0
    seconds: float = 0.0
    examples: int = 0
    tokens: int = 0


@dataclass(frozen=True)
class Restored:
    """What a save says beside tensors.

    Attributes:
        progress: How far the run had come.
        data: State of the data of the process that saved it.
    """

    progress: Progress
    data: dict[str, Any]


def learning(model: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that learn, by name; each once."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def saves(folder: Path) -> list[Path]:
    """Complete saves of a run, oldest first."""
    return sorted(path for path in folder.glob("step_*") if not path.name.endswith(PARTIAL))


def save(
    folder: Path,
    model: nn.Module,
    optimizers: Sequence[Optimizer],
    progress: Progress,
    data: Mapping[str, Any],
    world: World,
) -> None:
    """Writes one save; the ones before stay until it is complete.

    Raises:
        TrainingError: It cannot be written, because the disk is full, say. The last save is whole.
    """
    final = folder / f"step_{progress.step:08d}"
    if final.exists():  # the run was resumed there and has not got further
        return
    partial = final.with_name(final.name + PARTIAL)
    tensors = _tensors(model, optimizers, world.device)
    problem = _write(partial, tensors, {"progress": vars(progress), "data": dict(data)}, world)
    if world.any(problem is not None):
        world.wait()
        if world.leads:
            shutil.rmtree(partial, ignore_errors=True)
        earlier = saves(folder)
        kept = f"The last save, {earlier[-1].name}, is whole" if earlier else "There is no earlier save"
        raise TrainingError(
            f"Step {progress.step} could not be saved in {folder}: {problem or 'another process failed'}. "
            f"{kept}. Make room and run the same command again."
        )
    if world.leads:
        partial.rename(final)
        for old in saves(folder)[:-KEPT]:
            shutil.rmtree(old)
    world.wait()


def restore(folder: Path, model: nn.Module, optimizers: Sequence[Optimizer], world: World) -> Restored | None:
    """Restores the newest save in place; None when there is none.

    Raises:
        CheckpointError: The save is of another model or number of processes, or damaged.
    """
    if world.leads:
        for left in folder.glob(f"step_*{PARTIAL}"):  # by a run that was killed while saving
            shutil.rmtree(left)
    world.wait()
    found = saves(folder)
    if not found:
        return None
    path = found[-1] / _file(world.rank, world.size)
    if not path.exists():
        raise CheckpointError(
            f"{found[-1]} was saved by another number of processes than {world.size}: it has no {path.name}. "
            "Resume with as many as before."
        )
    saved, about = _read(path)
    _fill(model, optimizers, saved, path)
    _set_random_state(saved, world.device)
    return _restored(about)


def load_weights(folder: Path, model: nn.Module) -> Restored:
    """Loads what a run of any number of processes has learned into a model that is not sharded.

    Returns:
        What the first process saved beside it.

    Raises:
        CheckpointError: There is no save, or it is of another model, or damaged.
    """
    found = saves(folder)
    if not found:
        raise CheckpointError(f"{folder} holds no save of a run. Train first: python -m model.train.")
    first = next(found[-1].glob(_file(0, "*")))
    size = int(first.stem.rpartition("_")[2])
    pieces = [_read(found[-1] / _file(rank, size)) for rank in range(size)]
    weights = learning(model)
    names = {name[6:] for name in pieces[0][0] if name.startswith("model.")}
    if names != weights.keys():
        raise CheckpointError(f"{found[-1]} was saved by a run of another model than its recipe makes.")
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(torch.cat([saved[f"model.{name}"] for saved, _ in pieces], dim=SPLIT_AXIS))
    return _restored(pieces[0][1])


def _restored(about: dict[str, Any]) -> Restored:
    return Restored(Progress(**about["progress"]), about["data"])


def _file(rank: int, size: int | str) -> str:
    return f"rank_{rank}_of_{size}.safetensors"


def _write(partial: Path, tensors: dict[str, Tensor], about: dict[str, Any], world: World) -> str | None:
    """Writes this process's file; gives what went wrong."""
    size = sum(tensor.nbytes for tensor in tensors.values())
    try:
        partial.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(partial).free
        if free < SPARE * size:
            return f"the disk has {free / 1e6:.0f} MB free, {SPARE * size / 1e6:.0f} MB are needed"
        save_file(tensors, partial / _file(world.rank, world.size), metadata={"run": json.dumps(about)})
    except (OSError, SafetensorError) as exc:
        return str(exc)
    return None


def _tensors(model: nn.Module, optimizers: Sequence[Optimizer], device: torch.device) -> dict[str, Tensor]:
    tensors = {"random.cpu": torch.get_rng_state()}
    if device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(device)
    states = {steered: state for each in optimizers for steered, state in each.state.items()}
    for name, parameter in learning(model).items():
        tensors[f"model.{name}"] = _stored(parameter)
        for key, value in states.get(parameter, {}).items():
            tensors[f"optimizer.{key}.{name}"] = _stored(value)
    return tensors


def _stored(tensor: Tensor) -> Tensor:
    return local(tensor.detach()).contiguous().clone().cpu()


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, json.loads(file.metadata()["run"])
    except (SafetensorError, OSError) as exc:
        raise CheckpointError(f"{path} is damaged ({exc}). Delete its folder to go on from before.") from exc


def _fill(model: nn.Module, optimizers: Sequence[Optimizer], saved: dict[str, Tensor], path: Path) -> None:
    parameters = learning(model)
    groups = ((optimizer, group) for optimizer in optimizers for group in optimizer.param_groups)
    steers = {parameter: optimizer for optimizer, group in groups for parameter in group["params"]}
    weights = {name[6:]: value for name, value in saved.items() if name.startswith("model.")}
    if {n: local(p).shape for n, p in parameters.items()} != {n: v.shape for n, v in weights.items()}:
        raise CheckpointError(
            f"{path} was saved by a run of another model. Give another folder, or delete this one."
        )
    with torch.no_grad():
        for name, value in weights.items():
            local(parameters[name]).copy_(value)
        for full, value in saved.items():
            kind, _, rest = full.partition(".")
            if kind == "optimizer":
                key, _, name = rest.partition(".")
                parameter = parameters[name]
                optimizer = steers[parameter]
                optimizer.state[parameter][key] = _placed(value, parameter, optimizer)


def _placed(piece: Tensor, parameter: nn.Parameter, optimizer: Optimizer) -> Tensor:
    """A tensor of an optimiser's state where it belongs, made of its local piece."""
    if piece.ndim == 0:  # steps, which fused optimisers count where the parameter lies
        return piece.to(local(parameter).device) if optimizer.defaults.get("fused") else piece
    whole = torch.zeros_like(parameter)
    local(whole).copy_(piece)
    return whole


def _set_random_state(saved: dict[str, Tensor], device: torch.device) -> None:
    torch.set_rng_state(saved["random.cpu"])
    if "random.cuda" in saved and device.type == "cuda":
        torch.cuda.set_rng_state(saved["random.cuda"], device)
