"""Saves go on in any number of processes, are whole or not there, and those of before are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.optim import SGD, AdamW

from model.train.checkpoint import Progress, list_saves, load_weights, restore, save
from model.train.distributed import DistributedContext, init_distributed
from model.train.errors import TrainingError
from molmo_act.errors import CheckpointError
from tests.support.hostile_disks import files_of_at_most
from tests.support.ranks import run_ranks

ALONE = DistributedContext(torch.device("cpu"))
RANKS = 3  # more than the rows of the second layer: two of them have nothing of it


class Net:
    """A tiny model, its optimizers, and where its data are."""

    def __init__(self, context: DistributedContext = ALONE) -> None:
        torch.manual_seed(0)
        self.model, self.context = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 1)), context
        if context.mesh is not None:
            fully_shard(self.model, mesh=context.mesh)
        groups = self.model[0].parameters(), self.model[1].parameters()
        self.optimizers = (AdamW(groups[0]), SGD(groups[1], lr=0.1, momentum=0.9))
        self.step = 0

    def learn(self, steps: int) -> Net:
        for _ in range(steps):
            self.step += 1
            self.model(torch.full((4, 3), float(self.step))).square().mean().backward()
            for each in self.optimizers:
                each.step()
                each.zero_grad()
        return self

    def save(self, folder: Path) -> Net:
        data = {"rank": self.context.rank}
        save(folder, self.model, self.optimizers, Progress(self.step), data, self.context)
        return self

    def restore(self, folder: Path) -> Net:
        restored = restore(folder, self.model, self.optimizers, self.context)
        assert restored is not None
        self.step = restored.progress.step
        self.data = restored.data
        return self

    def weights(self) -> torch.Tensor:
        return torch.cat([parameter.detach().flatten() for parameter in self.model.parameters()])


@pytest.fixture(scope="module")
def expected() -> torch.Tensor:
    """What six steps make of the net."""
    return Net().learn(6).weights()


def learn_as_rank(folder: Path) -> None:
    with init_distributed("cpu") as context:
        for name in ("new", "old"):
            Net(context).restore(folder / name).learn(2).save(folder / name)


def write_as_before(net: Net, folder: Path, ranks: int) -> None:
    """A save as runs wrote it until November 2026: a file for each process, with its pieces."""
    place = folder / f"step_{net.step:08d}"
    place.mkdir(parents=True)
    whole = {}
    states = {p: state for each in net.optimizers for p, state in each.state.items()}
    for name, parameter in net.model.named_parameters():
        whole[f"model.{name}"] = parameter.detach()
        whole |= {f"optimizer.{key}.{name}": value for key, value in states[parameter].items()}
    for rank in range(ranks):
        pieces = {"random.cpu": torch.get_rng_state()}
        for name, tensor in whole.items():
            cut = tensor.chunk(ranks) if tensor.ndim else (tensor,) * ranks
            pieces[name] = (cut[rank] if rank < len(cut) else tensor[:0]).clone()
        about = {"progress": vars(Progress(net.step)), "data": {"rank": rank}}
        path = place / f"rank_{rank}_of_{ranks}.safetensors"
        save_file(pieces, path, metadata={"run": json.dumps(about)})


@pytest.mark.slow
def test_saves_go_on_in_more_processes_and_in_fewer(tmp_path, expected):
    """From one to three and back, begun with a save of today and with one of before."""
    Net().learn(2).save(tmp_path / "new")
    write_as_before(Net().learn(2), tmp_path / "old", 2)
    run_ranks(learn_as_rank, RANKS, tmp_path)
    for name in ("new", "old"):
        net = Net().restore(tmp_path / name)
        assert net.step == 4
        assert net.data == [{"rank": 0}, {"rank": 1}, {"rank": 2}]
        torch.testing.assert_close(net.learn(2).weights(), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_save_of_before_goes_on_exactly(tmp_path, expected, ranks):
    write_as_before(Net().learn(4), tmp_path, ranks)
    torch.manual_seed(5)
    net = Net().restore(tmp_path)
    assert net.data == [{"rank": rank} for rank in range(ranks)]
    assert torch.equal(net.learn(2).weights(), expected)
    other = Net()
    load_weights(tmp_path, other.model)
    assert torch.equal(other.weights(), Net().learn(4).weights())


def test_a_save_goes_on_exactly_with_its_random_state(tmp_path, expected):
    net = Net().learn(4)
    torch.manual_seed(7)
    net.save(tmp_path)
    drawn = torch.rand(3)
    net = Net().restore(tmp_path)
    assert torch.equal(torch.rand(3), drawn)
    assert torch.equal(net.learn(2).weights(), expected)


def test_frozen_parameters_are_not_saved(tmp_path):
    net = Net()
    net.model[0].requires_grad_(False)
    net.save(tmp_path)
    with pytest.raises(CheckpointError, match="of another model"):
        Net().restore(tmp_path)
    with pytest.raises(CheckpointError, match="of another model"):
        load_weights(tmp_path, Net().model)


def test_the_two_newest_saves_are_kept_and_half_ones_removed(tmp_path):
    net = Net()
    for _ in range(4):
        net.learn(1).save(tmp_path)
    (tmp_path / "step_00000009.partial").mkdir()
    assert Net().restore(tmp_path).step == 4
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["step_00000003", "step_00000004"]


@pytest.mark.parametrize("pattern", ["*.safetensors", "run.json"])
def test_a_damaged_save_is_named(tmp_path, pattern):
    Net().learn(1).save(tmp_path)
    (file,) = list_saves(tmp_path)[0].glob(pattern)
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(CheckpointError, match="step_00000001 is damaged"):
        Net().restore(tmp_path)


def test_a_folder_that_is_no_save_is_named(tmp_path):
    (tmp_path / "step_00000001").mkdir()
    with pytest.raises(CheckpointError, match="no file of the first process"):
        Net().restore(tmp_path)


def test_a_save_that_cannot_be_written_leaves_the_last_one(tmp_path):
    net = Net().learn(1).save(tmp_path)
    with files_of_at_most(1000), pytest.raises(TrainingError, match="File too large") as caught:
        net.learn(1).save(tmp_path)
    assert "step_00000001, is whole. Mend that and run the same command again." in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["step_00000001"]


def test_nothing_is_restored_where_nothing_was_saved(tmp_path):
    assert restore(tmp_path, Net().model, (), ALONE) is None
    with pytest.raises(CheckpointError, match="holds no save"):
        load_weights(tmp_path, Net().model)
