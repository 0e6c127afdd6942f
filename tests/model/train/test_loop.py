"""One loop: it learns, stops and goes on exactly, shares its work, and says why when it cannot go on."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.multiprocessing import start_processes

from model.train.course import Settings
from model.train.errors import TrainingError
from model.train.loop import Run
from model.train.overrides import override
from model.train.packed_recipe import PackedRecipe
from model.train.recipe_file import read_recipe
from model.train.recipes import RECIPES
from model.train.release import trained
from model.train.saved_run import saves
from model.train.world import World
from molmo_act.errors import CheckpointError, InputError
from tests.model.train.small_run import files_of_at_most, save_tiny, tiny_recipe, train_as_rank

ALONE = World(torch.device("cpu"))

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("tiny"))


def train(recipe: PackedRecipe, folder: Path, **settings) -> Run:
    run = Run(recipe, Settings(folder, **settings), ALONE)
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
    assert [path.name for path in saves(unbroken)] == ["step_00000009", "step_00000012"]


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


def test_a_run_with_workers_stops_on_a_signal_and_goes_on_exactly(checkpoint, tmp_path):
    recipe = tiny_recipe(checkpoint, steps=5)
    train(recipe, tmp_path / "whole", workers=2)
    run = Run(recipe, Settings(tmp_path / "parts", workers=2), ALONE)
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


def test_two_processes_learn_what_one_learns(checkpoint, tmp_path):
    """Sharded over two processes, and resumed from the middle: the same sequences, the same losses."""
    recipe = tiny_recipe(checkpoint, steps=4, batch=2, save_every=2, recompute=True)
    train(recipe, tmp_path / "one", workers=2)  # two streams in turn: one for each of the two processes
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Forked: a fresh process would spend its time on imports.
    start_processes(train_as_rank, (port, recipe, tmp_path), nprocs=2, start_method="fork")
    for name in ("whole", "again"):
        assert losses(tmp_path / name) == pytest.approx(losses(tmp_path / "one"), rel=1e-5)
    last = saves(tmp_path / "again")[-1]
    # The pieces of both, put together, are the model that one process has.
    sequence = Run(recipe, Settings(tmp_path / "one", workers=2), ALONE).loader.next()[0]
    with torch.no_grad():
        found = [trained(tmp_path / name).objective(sequence).weighted for name in ("one", "whole")]
    torch.testing.assert_close(found[1], found[0], rtol=1e-4, atol=0)
    assert sorted(path.name for path in last.iterdir()) == [
        "rank_0_of_2.safetensors",
        "rank_1_of_2.safetensors",
    ]


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
    run = Run(tiny_recipe(checkpoint), Settings(tmp_path), ALONE)
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
        Run(tiny_recipe(checkpoint, seed=1), Settings(unbroken), ALONE)
    Run(tiny_recipe(checkpoint, save_every=5), Settings(unbroken), ALONE)


def test_a_run_that_could_not_begin_leaves_its_folder_free(checkpoint, tmp_path):
    with pytest.raises(InputError, match="There is no source 'nothing'"):
        Run(tiny_recipe(checkpoint, data="1 nothing"), Settings(tmp_path), ALONE)
    Run(tiny_recipe(checkpoint), Settings(tmp_path), ALONE)


@pytest.mark.parametrize(
    ("text", "complaint"), [('{"steps": 3', "damaged"), ('{"steps": 3}', "no known kind")]
)
def test_a_recipe_that_cannot_be_read_is_named(tmp_path, text, complaint):
    (tmp_path / "recipe.json").write_text(text)
    with pytest.raises(CheckpointError, match=complaint):
        read_recipe(tmp_path)


def test_a_damaged_save_is_named(checkpoint, tmp_path):
    train(tiny_recipe(checkpoint, steps=1), tmp_path)
    (file,) = saves(tmp_path)[-1].iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="is damaged"):
        Run(tiny_recipe(checkpoint, steps=1), Settings(tmp_path), ALONE)


def test_a_save_that_fails_is_said_and_the_last_one_stays(checkpoint, tmp_path):
    recipe = tiny_recipe(checkpoint, steps=3)
    run = train(recipe, tmp_path)
    run.step()
    with files_of_at_most(100_000), pytest.raises(TrainingError, match="could not be saved") as caught:
        run.save()
    assert "The last save, step_00000003, is whole" in str(caught.value)
    assert [path.name for path in tmp_path.glob("step_*")] == ["step_00000003"]
    assert Run(recipe, Settings(tmp_path), ALONE).progress.step == 3


def test_a_full_disk_is_noticed_before_anything_is_written(checkpoint, tmp_path, monkeypatch):
    run = Run(tiny_recipe(checkpoint), Settings(tmp_path), ALONE)
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("model.train.saved_run.shutil.disk_usage", lambda path: usage)
    with pytest.raises(TrainingError, match=r"has 0 MB free.*There is no earlier save"):
        run.save()
    assert not list(tmp_path.glob("step_*"))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("stepz=3", "There is no key 'stepz'; did you mean steps"),
        ("language.rat=3", "There is no key 'language.rat'; did you mean rate"),
        ("language=3", "for example 'language.rate'"),
        ("steps.more=3", "for example 'steps'"),
        ("steps=many", "expected a value of type int"),
        ("recompute=maybe", "expected a value of type bool"),
        ("fresh=maybe", "expected 'none' or 'language' or 'all'"),
        ("steps", "expected key=value"),
        ("steps=0", "expected at least 1"),
        ("seed=-1", "expected at least 0"),
        ("precision=float16", "expected 'bfloat16' or 'float32'"),
        ("form.coordinates=pixels", "expected 'tokens' or 'text'"),
        ("rotary=false", "needs fresh=language or all"),
    ],
)
def test_wrong_changes_of_a_recipe_are_refused(change, complaint):
    with pytest.raises(InputError, match=complaint.replace("(", r"\(")):
        override(PackedRecipe(), [change])


def test_a_batch_that_cannot_be_dealt_out_is_refused(checkpoint, tmp_path):
    with pytest.raises(InputError, match="3 sequences cannot be dealt to 2 processes"):
        Run(tiny_recipe(checkpoint, batch=3), Settings(tmp_path), World(torch.device("cpu"), 0, 2))


def test_what_is_for_evaluation_is_not_learned_from(checkpoint, tmp_path):
    recipe = tiny_recipe(checkpoint, data="0.9 shapes; 0.1 screenspot-v2")
    with pytest.raises(InputError, match="screenspot-v2 is for evaluation only"):
        Run(recipe, Settings(tmp_path, data=tmp_path), ALONE)


def test_changes_reach_every_kind_of_value():
    recipe = override(
        PackedRecipe(), ["steps=7", "language.rate=1e-3", "recompute=false", "form.order=shuffled"]
    )
    assert (recipe.steps, recipe.language.rate) == (7, 1e-3)
    assert (recipe.recompute, recipe.form.order) == (False, "shuffled")
