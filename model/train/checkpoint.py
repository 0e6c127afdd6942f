"""Saves and restores a run over all its processes; a save is complete or not there.

A save is a folder `step_00000200` that `torch.distributed.checkpoint` writes: a safetensors file from each
process with its shards of the trained weights and of the optimizer state, and its random state. `run.json`
has the progress and the state of the data of every process. The folder is written under a temporary name and
renamed when all processes are done. The two newest saves are kept.

A run may be resumed with another number of processes: weights and optimizer state are sharded anew.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
import torch.distributed.checkpoint as dcp
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.distributed.checkpoint import (
    CheckpointException,
    HuggingFaceStorageReader,
    HuggingFaceStorageWriter,
)
from torch.optim import Optimizer

from model.train.distributed import DistributedContext
from model.train.errors import TrainingError, disk_advice
from model.train.rank_files import RankFiles
from molmo_act.errors import CheckpointError

PARTIAL = ".partial"
KEPT = 2
SPARE = 1.05
"""Free space that must be there before a save begins, as a multiple of its size."""
ABOUT = "run.json"


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        step: Optimizer steps done.
        seconds: Time spent in them, over all resumes.
        examples, tokens: Number shown so far, over all processes.
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
        data: State of the data of each process that saved it, by rank.
    """

    progress: Progress
    data: list[dict[str, Any]]


class _Save(Protocol):
    """One save, in any format.

    Attributes:
        shapes: Shapes of the whole tensors, by name.
        about: Progress and states of data, as `Restored`.
    """

    shapes: dict[str, torch.Size]
    about: dict[str, Any]

    def fill(self, tensors: Mapping[str, Tensor]) -> None:
        """Overwrites tensors, sharded or not, with those of the same names in the save."""


def trained_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """Lists the parameters that are trained.

    Args:
        model: A model, sharded or not.

    Returns:
        Parameters by name, each once.
    """
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def list_saves(folder: Path) -> list[Path]:
    """Lists the complete saves of a run.

    Args:
        folder: Folder of the run.

    Returns:
        Folders of the saves, oldest first.
    """
    return sorted(path for path in folder.glob("step_*") if not path.name.endswith(PARTIAL))


def save(
    folder: Path,
    model: nn.Module,
    optimizers: Sequence[Optimizer],
    progress: Progress,
    data: Mapping[str, Any],
    context: DistributedContext,
) -> None:
    """Writes one save; the ones before it stay until it is complete. All processes must call it.

    Args:
        folder: Folder of the run.
        model: Its trained parameters are saved.
        optimizers: Their state is saved.
        progress: How far the run has come.
        data: JSON from which the data of this process go on.
        context: The processes.

    Raises:
        TrainingError: It cannot be written, because the disk is full, for example. The last save is whole.
    """
    final = folder / f"step_{progress.step:08d}"
    if final.exists():  # the run was resumed there and has not got further
        return
    partial = final.with_name(final.name + PARTIAL)
    tensors = _tensors(model, optimizers, context)
    about = {"progress": vars(progress), "data": context.gather(dict(data))}
    problem = _find_room(partial, tensors)
    if not context.any(problem is not None):
        problem = _write(partial, tensors, about, context)
    if problem := next(filter(None, context.gather(problem)), None):
        if context.is_main:
            shutil.rmtree(partial, ignore_errors=True)
        earlier = list_saves(folder)
        kept = f"The last save, {earlier[-1].name}, is whole" if earlier else "There is no earlier save"
        raise TrainingError(
            f"Step {progress.step} could not be saved in {folder}: {problem.reason}. "
            f"{kept}. {problem.advice} and run the same command again."
        )
    if context.is_main:
        partial.rename(final)
        for old in list_saves(folder)[:-KEPT]:
            shutil.rmtree(old)
    context.barrier()


def restore(
    folder: Path, model: nn.Module, optimizers: Sequence[Optimizer], context: DistributedContext
) -> Restored | None:
    """Restores the newest save in place: weights, optimizer state, random state. All processes call it.

    Args:
        folder: Folder of the run.
        model: Gets the saved weights, sharded as it is.
        optimizers: Get the saved state.
        context: The processes, as many as the save is of or not.

    Returns:
        What the save says beside tensors; None when there is no save.

    Raises:
        CheckpointError: The save is of another model, or damaged.
    """
    if context.is_main:
        for left in folder.glob(f"step_*{PARTIAL}"):  # by a run that was killed while saving
            shutil.rmtree(left)
    context.barrier()
    found = list_saves(folder)
    if not found:
        return None
    opened = _open(found[-1], context)
    parameters = trained_parameters(model)
    if _shapes(parameters) != _model_shapes(opened):
        raise CheckpointError(
            f"{found[-1]} was saved by a run of another model. Give another folder, or delete this one."
        )
    steered = {p: o for o in optimizers for group in o.param_groups for p in group["params"]}
    tensors: dict[str, Tensor] = {f"model.{name}": p.detach() for name, p in parameters.items()}
    for full, shape in opened.shapes.items():
        kind, _, rest = full.partition(".")
        if kind == "optimizer":
            parameter = parameters[rest.partition(".")[2]]
            tensors[full] = torch.zeros_like(parameter) if shape else torch.zeros(())
    random = {name: torch.empty_like(state) for name, state in _random_states(context).items()}
    tensors |= {name: state for name, state in random.items() if name in opened.shapes}
    opened.fill(tensors)
    for full, tensor in tensors.items():
        kind, _, rest = full.partition(".")
        if kind == "optimizer":
            key, _, name = rest.partition(".")
            parameter = parameters[name]
            optimizer = steered[parameter]
            if not tensor.ndim and optimizer.defaults.get(
                "fused"
            ):  # counts its steps where the parameter lies
                tensor = tensor.to(parameter.device)
            optimizer.state[parameter][key] = tensor
    _set_random_states({name: state for name, state in random.items() if name in tensors}, context)
    return _restored(opened)


def load_weights(folder: Path, model: nn.Module) -> Restored:
    """Loads what a run of any number of processes has learned into a model that is not sharded.

    Args:
        folder: Folder of the run.
        model: Gets the weights of the newest save.

    Returns:
        What the save says beside tensors.

    Raises:
        CheckpointError: There is no save, or it is of another model, or damaged.
    """
    found = list_saves(folder)
    if not found:
        raise CheckpointError(f"{folder} holds no save of a run. Train first: python -m model.train.")
    opened = _open(found[-1], DistributedContext(torch.device("cpu")))
    weights = trained_parameters(model)
    if _shapes(weights) != _model_shapes(opened):
        raise CheckpointError(f"{found[-1]} was saved by a run of another model than its recipe makes.")
    opened.fill({f"model.{name}": weight.detach() for name, weight in weights.items()})
    return _restored(opened)


class _Shards:
    """A save in the format of today; see `_Save`."""

    def __init__(self, path: Path, context: DistributedContext) -> None:
        self._path, self._alone = path, context.mesh is None
        with _naming(path):
            self.about: dict[str, Any] = json.loads((path / ABOUT).read_text())
            metadata: dict[str, Any] = HuggingFaceStorageReader(str(path)).read_metadata().state_dict_metadata
        self.shapes = {name: each.size for name, each in metadata.items()}

    def fill(self, tensors: Mapping[str, Tensor]) -> None:
        with _naming(self._path), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="torch.distributed is", category=UserWarning)
            dcp.load(
                dict(tensors), storage_reader=HuggingFaceStorageReader(str(self._path)), no_dist=self._alone
            )


class _naming:
    """Inside, what a damaged file raises becomes a `CheckpointError` that names the save."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (OSError, ValueError, SafetensorError, CheckpointException)):
            raise CheckpointError(
                f"{self._path} is damaged ({_reason(error)}). Delete this folder to go on from before."
            ) from error


def _open(path: Path, context: DistributedContext) -> _Save:
    if (path / ABOUT).exists():
        return _Shards(path, context)
    with _naming(path):
        return RankFiles(path)


def _restored(opened: _Save) -> Restored:
    return Restored(Progress(**opened.about["progress"]), opened.about["data"])


def _shapes(parameters: Mapping[str, nn.Parameter]) -> dict[str, torch.Size]:
    return {name: parameter.shape for name, parameter in parameters.items()}


def _model_shapes(opened: _Save) -> dict[str, torch.Size]:
    kinds = ((name.partition("."), shape) for name, shape in opened.shapes.items())
    return {rest: shape for (kind, _, rest), shape in kinds if kind == "model"}


def _tensors(
    model: nn.Module, optimizers: Sequence[Optimizer], context: DistributedContext
) -> dict[str, Tensor]:
    tensors = _random_states(context)
    states = {steered: state for each in optimizers for steered, state in each.state.items()}
    for name, parameter in trained_parameters(model).items():
        tensors[f"model.{name}"] = parameter.detach().contiguous()
        for key, value in states.get(parameter, {}).items():
            tensors[f"optimizer.{key}.{name}"] = value.detach().contiguous()
    return tensors


class _Problem(NamedTuple):
    """Why a save cannot be written, and what to do."""

    reason: str
    advice: str


def _find_room(partial: Path, tensors: Mapping[str, Tensor]) -> _Problem | None:
    """Says what is wrong if the disk has no room for this process's shards."""
    size = sum(_local(tensor).nbytes for tensor in tensors.values())
    try:
        partial.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(partial).free
    except OSError as exc:
        return _Problem(str(exc), disk_advice(exc))
    if free < SPARE * size:
        needed = f"the disk has {free / 1e6:.0f} MB free, {SPARE * size / 1e6:.0f} MB are needed"
        return _Problem(needed, "Make room")
    return None


def _local(tensor: Tensor) -> Tensor:
    return tensor.to_local() if hasattr(tensor, "to_local") else tensor


def _write(
    partial: Path, tensors: dict[str, Tensor], about: dict[str, Any], context: DistributedContext
) -> _Problem | None:
    """Writes the save together with all processes; says what went wrong."""
    writer = HuggingFaceStorageWriter(str(partial), save_distributed=True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="torch.distributed is", category=UserWarning)
            dcp.save(tensors, storage_writer=writer, no_dist=context.mesh is None)
        if context.is_main:
            (partial / ABOUT).write_text(json.dumps(about))
    except (OSError, SafetensorError, CheckpointException) as exc:
        reason = _reason(exc)
        return _Problem(reason, disk_advice(exc if isinstance(exc, OSError) else OSError(reason)))
    return None


def _reason(error: BaseException) -> str:
    """What went wrong, in whichever process it did."""
    if not isinstance(error, CheckpointException):
        return str(error)
    return "; ".join(sorted({str(failure) for failure, _ in error.failures.values()}))


def _random_states(context: DistributedContext) -> dict[str, Tensor]:
    states = {f"random.cpu.{context.rank}": torch.get_rng_state()}
    if context.device.type == "cuda":
        states[f"random.cuda.{context.rank}"] = torch.cuda.get_rng_state(context.device)
    return states


def _set_random_states(states: Mapping[str, Tensor], context: DistributedContext) -> None:
    """Sets those that the save has for this process; one that joined a run keeps its own."""
    for name, state in states.items():
        if name.startswith("random.cpu"):
            torch.set_rng_state(state)
        else:
            torch.cuda.set_rng_state(state, context.device)
