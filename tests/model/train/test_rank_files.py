"""Saves of before November 2026 are put together; see test_checkpoint for runs that go on from them."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file

from model.train.rank_files import RankFiles


@pytest.fixture
def folder(tmp_path):
    """Two processes: a weight of three rows, a bias of one, of which the second has nothing, and a count."""
    pieces = [
        {"model.w": torch.arange(4.0).reshape(2, 2), "model.b": torch.ones(1)},
        {"model.w": torch.tensor([[4.0, 5.0]]), "model.b": torch.ones(0)},
    ]
    for rank, tensors in enumerate(pieces):
        tensors |= {"optimizer.step.w": torch.tensor(7.0), "random.cpu": torch.tensor([rank])}
        about = {"progress": {"step": 7}, "data": {"number": rank}}
        path = tmp_path / f"rank_{rank}_of_2.safetensors"
        save_file(tensors, path, metadata={"run": json.dumps(about)})
    return tmp_path


def test_pieces_are_put_together(folder):
    save = RankFiles(folder)
    assert {name: tuple(shape) for name, shape in save.shapes.items()} == {
        "model.w": (3, 2),
        "model.b": (1,),
        "optimizer.step.w": (),
        "random.cpu.0": (1,),
        "random.cpu.1": (1,),
    }
    assert save.about == {"progress": {"step": 7}, "data": [{"number": 0}, {"number": 1}]}
    found = {
        "model.w": torch.zeros(3, 2),
        "optimizer.step.w": torch.zeros(()),
        "random.cpu.1": torch.zeros(1),
    }
    save.fill(found)
    assert found["model.w"].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert (float(found["optimizer.step.w"]), float(found["random.cpu.1"])) == (7.0, 1.0)


def test_a_missing_piece_is_an_error(folder):
    (folder / "rank_1_of_2.safetensors").unlink()
    with pytest.raises(OSError, match="rank_1_of_2"):
        RankFiles(folder)
