"""A run becomes a checkpoint, or it is said why not; see also those of each kind of run."""

from __future__ import annotations

import pytest
import torch

import molmo_act
from model.train.distributed import DistributedContext
from model.train.export import load_trained, main
from model.train.task import RunOptions
from model.train.trainer import Trainer
from molmo_act.errors import CheckpointError
from tests.model.train.small_run import save_tiny, tiny_recipe

ALONE = DistributedContext(torch.device("cpu"))


def test_a_run_becomes_a_checkpoint(tmp_path, monkeypatch, capsys, one_thread):
    run = Trainer(tiny_recipe(save_tiny(tmp_path / "tiny"), steps=1), RunOptions(tmp_path / "run"), ALONE)
    with pytest.raises(CheckpointError, match="holds no save"):
        load_trained(tmp_path / "run")
    run.train()
    monkeypatch.setattr("sys.argv", ["export", str(tmp_path / "run"), "--out", str(tmp_path / "out")])
    assert main() == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'out'}: ")
    weights = dict(molmo_act.load(tmp_path / "out").model.named_parameters())
    for name, parameter in run.model.named_parameters():
        assert torch.equal(weights[name], parameter.to(torch.bfloat16).float()), name


def test_a_folder_without_a_run_is_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["export", str(tmp_path), "--out", str(tmp_path / "out")])
    assert main() == 2
    assert "holds no run" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_refused_before_the_run_is_read(tmp_path, monkeypatch, capsys):
    (tmp_path / "taken").touch()
    monkeypatch.setattr("sys.argv", ["export", str(tmp_path), "--out", str(tmp_path / "taken" / "out")])
    assert main() == 2
    assert "taken' is a file. Give a folder" in capsys.readouterr().err
