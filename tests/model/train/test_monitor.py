"""What a run says: one line a step, and what is done again is not said twice."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest

from model.train.monitor import FILE, Monitor
from molmo_act.errors import MissingExtraError

VALUES = {"loss": 1.5, "tokens_per_second": 100.0}


def write(folder, first: int, last: int, **skipped: int) -> None:
    monitor = Monitor(folder, first, 10)
    for step in range(first + 1, last + 1):
        monitor.write(step, VALUES, skipped)
    monitor.close()


def steps(folder) -> list[int]:
    return [json.loads(line)["step"] for line in (folder / FILE).read_text().splitlines()]


def test_lines_behind_the_last_save_are_dropped(tmp_path):
    write(tmp_path, 0, 5)
    with (tmp_path / FILE).open("a") as file:
        file.write('{"step": 6, "lo')  # killed while writing
    write(tmp_path, 3, 7)
    assert steps(tmp_path) == [1, 2, 3, 4, 5, 6, 7]


def test_what_was_skipped_is_said(tmp_path):
    write(tmp_path, 0, 1, gone=3)
    assert json.loads((tmp_path / FILE).read_text())["skipped"] == {"gone": 3}
    assert list((tmp_path / "tensorboard").iterdir())


def test_wandb_is_asked_only_on_request_and_named_when_missing(tmp_path, monkeypatch):
    calls = []
    wandb = SimpleNamespace(init=lambda **options: calls.append(options), __spec__=object())
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    Monitor(tmp_path, 0, 1).close()
    assert calls == []
    Monitor(tmp_path, 0, 1, wandb=True).close()
    assert calls[0]["sync_tensorboard"] is True
    monkeypatch.setattr("model.train.monitor.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"molmo-act\[wandb\]"):
        Monitor(tmp_path, 0, 1, wandb=True)
