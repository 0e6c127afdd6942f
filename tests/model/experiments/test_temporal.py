"""The temporal module's experiment: its arms learn, stop and go on, and are compared clip by clip."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest
import torch

from model.experiments.temporal import main, plot
from model.train.data.clips import TRAIN_SEED
from tests.model.train.small_clips import draw_small, shrink_clips

ARMS = ["l = 0", "attention, l = 1"]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    before = torch.get_num_threads()
    shrink_clips(monkeypatch)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
def test_a_stopped_command_goes_on_and_compares_its_arms(tmp_path, monkeypatch, capsys):
    def draw_and_stop(seed, frames=2):
        if seed == TRAIN_SEED + 1:
            os.kill(os.getpid(), signal.SIGINT)
        return draw_small(seed, frames)

    numbers = ["--steps", "3", "--clips", "2", "--eval-every", "2", "--frames", "2"]
    arguments = ["--arms", *ARMS, *numbers, "--ask", "--runs", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["temporal", *arguments])
    with monkeypatch.context() as patch:
        patch.setattr("model.train.data.clips.draw_clip", draw_and_stop)
        assert main() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["l_0_0"]
    assert "| arm |" not in capsys.readouterr().out

    assert main() == 0
    [line] = (tmp_path / "results.jsonl").read_text().splitlines()
    result = json.loads(line)
    assert (result["steps"], result["seed"], list(result["held_out"])) == (3, 0, ARMS)
    for found in result["held_out"].values():
        assert {measure: len(values) for measure, values in found.items()} == {"loss": 2, "hits": 2, "f1": 2}
    losses = [found["loss"] for found in result["held_out"].values()]
    assert losses[0] != losses[1]
    title, _, *rows = capsys.readouterr().out.splitlines()
    assert title == "| arm | loss | difference | hits | difference | f1 | difference |"
    assert [row.split(" | ")[:2] for row in rows] == [
        [f"| {name}", f"{np.mean(loss):.3f}"] for name, loss in zip(ARMS, losses, strict=True)
    ]


@pytest.mark.slow
def test_other_numbers_need_another_folder(tmp_path, monkeypatch, capsys):
    arguments = ["--arms", "l = 0", "--clips", "1", "--runs", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["temporal", *arguments, "--steps", "1"])
    assert main() == 0
    monkeypatch.setattr("sys.argv", ["temporal", *arguments, "--steps", "2"])
    assert main() == 2
    assert "steps was 1 and is 2" in capsys.readouterr().err


def test_looks_are_drawn(tmp_path):
    figure = pytest.importorskip("matplotlib.figure", reason="needs the extra plots").Figure()
    held_out = {"l = 0": [1.0, 2.0], "addition, l = 4": [1.5, 2.0]}
    looks = {name: {step: {"loss": loss} for step in (20, 40)} for name, loss in held_out.items()}
    plot(figure, looks, tmp_path / "looks.svg")
    [axes] = figure.axes
    assert axes.get_legend_handles_labels()[1] == list(held_out)
    assert "<svg" in (tmp_path / "looks.svg").read_text()
