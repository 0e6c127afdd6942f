"""Writes the metrics of a run: metrics.jsonl, TensorBoard, W&B, a progress bar and the learning curve."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from model.train.checkpoint import Progress
from model.train.curve import write_curve
from model.train.errors import TrainingError, disk_advice
from molmo_act._optional import import_optional, require_optional
from molmo_act.io.atomic import atomic_file

FILE = "metrics.jsonl"
WANDB_ID = "wandb_id.txt"


class MetricsWriter:
    """Writes one line of metrics per step.

    Args:
        folder: Folder of the run; lines behind the last save of a run that is resumed are dropped.
        step: Number of steps done.
        steps: Length of the run.
        metric_names: Metrics of the learning curve.
        wandb: Whether to send metrics to W&B too; a run that is resumed stays one run there.

    Raises:
        MissingExtraError: rich or TensorBoard is not installed, or W&B was asked for and is not.
    """

    def __init__(
        self, folder: Path, step: int, steps: int, metric_names: Sequence[str], wandb: bool = False
    ) -> None:
        self._wandb = _open_wandb(folder) if wandb else None
        require_optional("tensorboard", extra="train", purpose="training")
        rich = import_optional("rich.progress", extra="train", purpose="the progress bar of training")
        from rich.console import Console
        from torch.utils.tensorboard import SummaryWriter

        self._path, self._measures = folder / FILE, metric_names
        _cut(self._path, step)
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=step)
        self._bar = rich.Progress(
            rich.MofNCompleteColumn(),
            rich.BarColumn(),
            rich.TimeElapsedColumn(),
            rich.TimeRemainingColumn(),
            rich.TextColumn("{task.description}"),
            console=Console(file=sys.stderr),
        )
        self._task = self._bar.add_task("", total=steps, completed=step)
        self._bar.start()

    def write(self, done: Progress, values: Mapping[str, float], skipped: Mapping[str, int]) -> None:
        """Writes the line of a step; it is on the disk when this returns.

        Args:
            done: Progress of the run, this step included.
            values: Metrics by name.
            skipped: Number of examples that were left out, by reason.

        Raises:
            TrainingError: The file cannot be written; the disk is full, for example.
        """
        shown = {**values, **{f"skipped/{reason}": count for reason, count in skipped.items()}}
        self._log(done, {**values, **({"skipped": dict(skipped)} if skipped else {})}, shown)
        brief = " ".join(f"{name} {values[name]:.4g}" for name in ("loss", "examples_per_second"))
        self._bar.update(self._task, completed=done.step, description=brief)

    def write_held_out(self, done: Progress, split: str, values: Mapping[str, float]) -> None:
        """Writes a line of means over held-out batches.

        Args:
            done: Progress of the run.
            split: Kind of the batches.
            values: Means by name.

        Raises:
            TrainingError: The file cannot be written.
        """
        self._log(done, {"split": split, **values}, {f"{split}/{name}": v for name, v in values.items()})

    def close(self) -> None:
        """Closes the progress bar, TensorBoard and W&B, and writes the learning curve."""
        self._bar.stop()
        if self._wandb is not None:
            self._wandb.finish()
        with self._room():
            self._board.close()
            if self._path.exists():
                write_curve(self._path, self._measures)

    def _log(self, done: Progress, values: Mapping[str, Any], shown: Mapping[str, float]) -> None:
        line = {"step": done.step, "seconds": done.seconds, "examples": done.examples, **values}
        with self._room():
            with self._path.open("a") as file:
                file.write(json.dumps(line) + "\n")
            for name, value in shown.items():
                self._board.add_scalar(name, value, done.step)
        if self._wandb is not None:
            self._wandb.log(dict(shown), step=done.step)

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise TrainingError(
                f"Metrics cannot be written in {self._path.parent}: {exc}. The last save is whole. "
                f"{disk_advice(exc)} and run the same command again."
            ) from exc


def _cut(path: Path, step: int) -> None:
    """Drops lines of steps that are done again, and half a line that a kill left behind."""
    if not path.exists():
        return
    kept = [line for line in path.read_text().splitlines() if (number := _step(line)) and number <= step]
    with atomic_file(path, durable=True) as partial:
        partial.write_text("".join(line + "\n" for line in kept))


def _step(line: str) -> int | None:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError):
        return None


def _open_wandb(folder: Path) -> Any:
    wandb = import_optional("wandb", extra="wandb", purpose="--wandb")
    known = folder / WANDB_ID
    if not known.exists():
        known.write_text(uuid4().hex[:8])
    quiet = wandb.Settings(console="off")  # else it keeps every redrawing of the progress bar
    return wandb.init(
        project="molmo_act",
        name=folder.name,
        id=known.read_text(),
        resume="allow",
        dir=str(folder),
        settings=quiet,
    )
