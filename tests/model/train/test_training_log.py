"""The log of a run: means, gaps, and going on with an existing file."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import torch
from model.train.run_state import Progress
from model.train.training_log import TrainingLog


@dataclass
class Pointing:
    patch: torch.Tensor


@dataclass
class Naming:
    shown: torch.Tensor


def test_means_since_the_last_line_and_gaps_for_what_was_not_measured(tmp_path):
    path = tmp_path / "log.csv"
    log = TrainingLog(path, ["patch", "shown"])
    for value in (1.0, 2.0, float("nan")):
        log.add("train", Pointing(torch.tensor(value)))
    assert log.write("train", Progress(step=3, seconds=1.6, pictures=9)) == {"patch": "1.5000"}
    log.add("train", Naming(torch.tensor(4.0)))
    log.write("train", Progress(step=4))
    assert log.write("train", Progress(step=5)) == {}

    TrainingLog(path, ["patch", "shown"])
    rows = list(csv.reader(path.read_text().splitlines()))
    assert rows == [
        ["step", "seconds", "pictures", "split", "patch", "shown"],
        ["3", "2", "9", "train", "1.5000", ""],
        ["4", "0", "0", "train", "", "4.0000"],
    ]
