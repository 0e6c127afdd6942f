"""One loop: it learns, stops and goes on exactly, shares its work, and says why when it cannot go on."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from model.train.checkpoint import list_saves
from model.train.config.overrides import override
from model.train.config.packed import PackedRecipe
from model.train.config.presets import RECIPES
from model.train.distributed import DistributedContext
from model.train.errors import TrainingError
from model.train.export import load_trained
from model.train.task import RunOptions
from model.train.trainer import Trainer
from molmo_act.errors import InputError
from tests.model.train.small_run import save_tiny, tiny_recipe, train_as_rank
from tests.support.hostile_disks import files_of_at_most
from tests.support.ranks import run_ranks

ALONE = DistributedContext(torch.device("cpu"))

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("tiny"))


def train(recipe: PackedRecipe, folder: Path, **options) -> Trainer:
    run = Trainer(recipe, RunOptions(folder, **options), ALONE)
    run.train()
    return run


def losses(folder: Path) -> list[float]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["loss"] for row in rows]


def command(recipe: PackedRecipe, folder: Path) -> list[str]:
    """The command line that runs a recipe of `tiny_recipe`."""
    plain = RECIPES["sft"]
    changes = [f"{path}={value}" for path, value in _flat(recipe).items() if _flat(plain)[path] != value]
    return [sys.executable, "-m", "model.train", "sft", str(folder), *changes]


def _flat(config, prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        nested = dataclasses.is_dataclass(value)
        found |= _flat(value, f"{prefix}{field.name}.") if nested else {f"{prefix}{field.name}": value}
    return found


@pytest.fixture(scope="module")
def unbroken(checkpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    train(tiny_recipe(checkpoint), folder)
    return folder


def test_a_run_learns_and_says_how(unbroken):
    rows = [json.loads(line) for line in (unbroken / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["loss"] < 0.9 * rows[0]["loss"]
    assert all(row["tokens_per_second"] > 0 and 0 < row["share_of_peak"] < 1 for row in rows)
    assert {key for key in rows[0] if key.startswith("gradient/")} == {
        f"gradient/{part}" for part in ("vision", "connector", "grounding", "language")
    }
    assert any((unbroken / "tensorboard").iterdir())
    assert [path.name for path in list_saves(unbroken)] == ["step_00000009", "step_00000012"]


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_losses_it_would_have_had(checkpoint, unbroken, tmp_path):
    recipe = tiny_recipe(checkpoint)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    killed = subprocess.Popen(
        [*command(recipe, tmp_path), "--workers", "0", "--device", "cpu"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    metrics = tmp_path / "metrics.jsonl"
    while not (metrics.exists() and metrics.read_text().count("\n") >= 4):
        assert killed.poll() is None, killed.stderr.read()
        time.sleep(0.005)
    os.kill(killed.pid, signal.SIGKILL)  # at whatever moment of the fifth step or of its save this is
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    train(recipe, tmp_path)
    assert losses(tmp_path) == pytest.approx(losses(unbroken), rel=1e-6)


@pytest.mark.slow
def test_a_run_with_workers_stops_on_a_signal_and_goes_on_exactly(checkpoint, tmp_path):
    recipe = tiny_recipe(checkpoint, steps=5)
    train(recipe, tmp_path / "whole", workers=2)
    run = Trainer(recipe, RunOptions(tmp_path / "parts", workers=2), ALONE)
    step = run.step

    def step_and_interrupt():
        if run.progress.step == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return step()

    run.step = step_and_interrupt
    run.train()
    assert len(losses(tmp_path / "parts")) == 2
    train(recipe, tmp_path / "parts", workers=2)
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_a_run_learns_the_same_however_its_workers_begin(unbroken, checkpoint, tmp_path, method):
    before = multiprocessing.get_start_method()
    multiprocessing.set_start_method(method, force=True)
    try:
        train(tiny_recipe(checkpoint, steps=3), tmp_path, workers=1)
    finally:
        multiprocessing.set_start_method(before, force=True)
    assert losses(tmp_path) == pytest.approx(losses(unbroken)[:3], rel=1e-6)


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(checkpoint, tmp_path):
    """Sharded over two processes, and resumed from the middle: the same sequences, the same losses."""
    recipe = tiny_recipe(checkpoint, steps=4, batch=2, save_every=2, recompute=True)
    train(recipe, tmp_path / "one", workers=2)  # two streams in turn: one for each of the two processes
    run_ranks(train_as_rank, 2, recipe, tmp_path)
    for name in ("whole", "again"):
        assert losses(tmp_path / name) == pytest.approx(losses(tmp_path / "one"), rel=1e-5)
    # The shards of both, put together, are the model that one process has.
    sequence = Trainer(recipe, RunOptions(tmp_path / "one", workers=2), ALONE).loader.next()[0]
    with torch.no_grad():
        found = [load_trained(tmp_path / name).loss_module(sequence).weighted for name in ("one", "whole")]
    torch.testing.assert_close(found[1], found[0], rtol=1e-4, atol=0)
    last = list_saves(tmp_path / "again")[-1]
    assert len(list(last.glob("*.safetensors"))) == 2
    # One process goes on with what two have saved.
    shutil.copytree(tmp_path / "whole", tmp_path / "alone")
    shutil.rmtree(list_saves(tmp_path / "alone")[-1])
    train(recipe, tmp_path / "alone", workers=2)
    assert losses(tmp_path / "alone") == pytest.approx(losses(tmp_path / "one"), rel=1e-5)


@pytest.mark.slow
def test_recomputing_activations_changes_no_loss(checkpoint, unbroken, tmp_path):
    train(tiny_recipe(checkpoint, recompute=True), tmp_path)
    assert losses(tmp_path) == pytest.approx(losses(unbroken), rel=1e-6)


def test_parts_learn_at_their_own_rates_or_not_at_all(checkpoint, tmp_path):
    recipe = override(tiny_recipe(checkpoint, steps=2), ["vision.rate=0", "connector.rate=0"])
    before = load_file(checkpoint / "model.safetensors")
    run = train(recipe, tmp_path)
    run.model.save_pretrained(tmp_path / "after")
    after = load_file(tmp_path / "after" / "model.safetensors")
    changed = {name for name, weight in before.items() if not torch.equal(weight, after[name])}
    assert not any(name.startswith(("model.vit", "model.connector")) for name in changed)
    assert any(name.startswith("model.point_predictor") for name in changed)
    assert any(name.startswith("model.transformer.blocks") for name in changed)


def test_a_loss_that_is_no_number_stops_the_run_and_saves_the_sequences(checkpoint, tmp_path):
    run = Trainer(tiny_recipe(checkpoint), RunOptions(tmp_path), ALONE)
    run.step()
    with torch.no_grad():
        run.model.model.point_predictor.patch_q.bias[0] = float("nan")
    before = run.progress
    with pytest.raises(TrainingError, match="step 2 are not finite"):
        run.step()
    assert run.progress == before
    failed = load_file(tmp_path / "failed_step_2_rank_0.safetensors")
    assert failed["0.words_S"].ndim == 1
    assert failed["0.patches"].dtype == torch.uint8


def test_a_run_of_another_recipe_is_refused(checkpoint, unbroken):
    with pytest.raises(TrainingError, match="seed was 0 and is 1"):
        Trainer(tiny_recipe(checkpoint, seed=1), RunOptions(unbroken), ALONE)
    Trainer(tiny_recipe(checkpoint, save_every=5), RunOptions(unbroken), ALONE)


def test_a_run_that_could_not_begin_leaves_its_folder_free(checkpoint, tmp_path):
    with pytest.raises(InputError, match="There is no source 'nothing'"):
        Trainer(tiny_recipe(checkpoint, data="1 nothing"), RunOptions(tmp_path), ALONE)
    Trainer(tiny_recipe(checkpoint), RunOptions(tmp_path), ALONE)


def test_a_save_that_fails_is_said_and_the_last_one_stays(checkpoint, tmp_path):
    recipe = tiny_recipe(checkpoint, steps=3)
    run = train(recipe, tmp_path)
    run.step()
    with files_of_at_most(100_000), pytest.raises(TrainingError, match="could not be saved") as caught:
        run.save()
    assert "The last save, step_00000003, is whole" in str(caught.value)
    assert [path.name for path in tmp_path.glob("step_*")] == ["step_00000003"]
    assert Trainer(recipe, RunOptions(tmp_path), ALONE).progress.step == 3


def test_a_full_disk_is_noticed_before_anything_is_written(checkpoint, tmp_path, monkeypatch):
    run = Trainer(tiny_recipe(checkpoint), RunOptions(tmp_path), ALONE)
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("model.train.checkpoint.shutil.disk_usage", lambda path: usage)
    with pytest.raises(TrainingError, match=r"has 0 MB free.*There is no earlier save. Make room"):
        run.save()
    assert not list(tmp_path.glob("step_*"))
