"""What a run says: metrics.jsonl, TensorBoard, W&B on request, a progress bar; at its end the curve."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as ProgressBar

from model.train.curve import write_curve
from model.train.errors import TrainingError
from model.train.saved_run import Progress
from molmo_act.errors import MissingExtraError

FILE = "metrics.jsonl"
WANDB_ID = "wandb_id.txt"


class Monitor:
    """Writes one line of metrics a step.

    Args:
        folder: Of the run; a run that goes on is gone on with, without the lines behind its last save.
        step: Steps done.
        steps: Of the whole run.
        measures: What the learning curve shows.
        wandb: Whether to send the same to W&B too; a run that goes on stays one run there.

    Raises:
        MissingExtraError: W&B was asked for and is not installed.
    """

    def __init__(
        self, folder: Path, step: int, steps: int, measures: Sequence[str], wandb: bool = False
    ) -> None:
        self._wandb = _open_wandb(folder) if wandb else None
        from torch.utils.tensorboard import SummaryWriter

        self._path, self._measures = folder / FILE, measures
        _cut(self._path, step)
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=step)
        self._bar = ProgressBar(
            MofNCompleteColumn(),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=Console(file=sys.stderr),
        )
        self._task = self._bar.add_task("", total=steps, completed=step)
        self._bar.start()

    def write(self, done: Progress, values: Mapping[str, float], skipped: Mapping[str, int]) -> None:
        """One line, on the disk when this returns.

        Args:
            done: How far the run is, this step included.
            values: Numbers by name.
            skipped: Examples that were left out, by reason.

        Raises:
            TrainingError: The disk is full, say.
        """
        shown = {**values, **{f"skipped/{reason}": count for reason, count in skipped.items()}}
        self._say(done, {**values, **({"skipped": dict(skipped)} if skipped else {})}, shown)
        brief = " ".join(f"{name} {values[name]:.4g}" for name in ("loss", "examples_per_second"))
        self._bar.update(self._task, completed=done.step, description=brief)

    def write_held_out(self, done: Progress, split: str, values: Mapping[str, float]) -> None:
        """One line of means over held-out batches.

        Args:
            done: How far the run is.
            split: Kind of the batches.
            values: Means by name.

        Raises:
            TrainingError: As `write`.
        """
        self._say(done, {"split": split, **values}, {f"{split}/{name}": v for name, v in values.items()})

    def close(self) -> None:
        """Ends the display and what writes behind the scenes, and writes the learning curve."""
        self._bar.stop()
        if self._wandb is not None:
            self._wandb.finish()
        with self._room():
            self._board.close()
            if self._path.exists():
                write_curve(self._path, self._measures)

    def _say(self, done: Progress, values: Mapping[str, Any], shown: Mapping[str, float]) -> None:
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
                f"Metrics cannot be written in {self._path.parent}: {exc}. The last save is whole. Make "
                "room and run the same command again."
            ) from exc


def _cut(path: Path, step: int) -> None:
    """Drops lines of steps that are done again, and half a line that a kill left behind."""
    if not path.exists():
        return
    kept = [line for line in path.read_text().splitlines() if (number := _step(line)) and number <= step]
    partial = path.with_suffix(".partial")
    partial.write_text("".join(line + "\n" for line in kept))
    os.replace(partial, path)


def _step(line: str) -> int | None:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError):
        return None


def _open_wandb(folder: Path) -> Any:
    if find_spec("wandb") is None:
        raise MissingExtraError("wandb", "wandb", "--wandb")
    import wandb

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
