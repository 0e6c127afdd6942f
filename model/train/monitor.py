"""What a run says while it trains: metrics.jsonl, TensorBoard, W&B on request, a progress bar."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from molmo_act.errors import MissingExtraError

FILE = "metrics.jsonl"
WANDB_ID = "wandb_id.txt"


class Monitor:
    """Writes one line of metrics a step.

    Args:
        folder: Of the run; a run that goes on is gone on with, without the lines behind its last save.
        step: Steps done.
        steps: Of the whole run.
        wandb: Whether to send the same to W&B too; a run that goes on stays one run there.

    Raises:
        MissingExtraError: W&B was asked for and is not installed.
    """

    def __init__(self, folder: Path, step: int, steps: int, wandb: bool = False) -> None:
        self._wandb = _open_wandb(folder) if wandb else None
        from torch.utils.tensorboard import SummaryWriter

        self._path = folder / FILE
        _cut(self._path, step)
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=step)
        self._progress = Progress(
            MofNCompleteColumn(),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=Console(file=sys.stderr),
        )
        self._task = self._progress.add_task("", total=steps, completed=step)
        self._progress.start()

    def write(self, step: int, values: Mapping[str, float], skipped: Mapping[str, int]) -> None:
        """One line, on the disk when this returns.

        Args:
            step: Steps done, this one included.
            values: Numbers by name.
            skipped: Examples that were left out, by reason.
        """
        line = {"step": step, **values, **({"skipped": dict(skipped)} if skipped else {})}
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        shown = {**values, **{f"skipped/{reason}": count for reason, count in skipped.items()}}
        for name, value in shown.items():
            self._board.add_scalar(name, value, step)
        if self._wandb is not None:
            self._wandb.log(shown, step=step)
        brief = " ".join(f"{name} {values[name]:.4g}" for name in ("loss", "tokens_per_second"))
        self._progress.update(self._task, completed=step, description=brief)

    def close(self) -> None:
        """Ends the display and what writes behind the scenes."""
        self._progress.stop()
        self._board.close()
        if self._wandb is not None:
            self._wandb.finish()


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
