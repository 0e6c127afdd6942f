"""nano over the one loop: two stages, killed and gone on with exactly, longer at will, and looked at."""

from __future__ import annotations

import csv
import json
import os
import signal
import time
from multiprocessing import get_context
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import molmo_act
from model.train.checkpoint import list_saves
from model.train.config.nano import NanoRecipe
from model.train.config.run_config import read_recipe
from model.train.distributed import DistributedContext
from model.train.errors import TrainingError
from model.train.export import load_trained
from model.train.export import main as export_main
from model.train.task import RunOptions
from model.train.trainer import Trainer
from model.train.visualize import main as visualize_main
from molmo_act.errors import InputError
from molmo_act.models.saving import save_checkpoint
from tests.model.train.small_nano import begun, shrink_nano, small_recipe

ALONE = DistributedContext(torch.device("cpu"))
SPLITS = ["sheets", "plain windows", "screens", "scenes"]


@pytest.fixture(scope="module", autouse=True)
def small(one_thread):
    with pytest.MonkeyPatch.context() as patch:
        shrink_nano(patch)
        yield


def train(recipe: NanoRecipe, folder: Path, **options) -> Trainer:
    run = Trainer(recipe, RunOptions(folder, **options), ALONE)
    run.train()
    return run


def train_small(recipe: NanoRecipe, folder: Path) -> None:
    """`train` in a fresh process, in which nothing is patched yet."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        shrink_nano(patch)
        train(recipe, folder)


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def losses(folder: Path) -> list[float]:
    steps = [row for row in rows(folder) if "split" not in row]
    assert [row["step"] for row in steps] == list(range(1, len(steps) + 1))
    return [row["loss"] for row in steps]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = begun(tmp_path_factory.mktemp("unbroken"))
    train(small_recipe(), folder)
    return folder


def test_sheets_come_first_and_pictures_then(unbroken):
    steps = [row for row in rows(unbroken) if "split" not in row]
    assert [row["step"] for row in steps if "shown" in row] == [1, 2, 3, 5, 9]
    assert all(("patch" in row) != ("shown" in row) for row in steps)
    assert [row["rate/vision"] / row["rate/rest"] for row in steps] == pytest.approx([1.0] * 3 + [0.3] * 9)
    assert steps[-1]["examples"] == sum(2 if "shown" in row else 1 for row in steps)
    assert any((unbroken / "tensorboard").iterdir())


def test_held_out_pictures_are_looked_at(unbroken):
    looks = [(row["step"], row["split"]) for row in rows(unbroken) if "split" in row]
    assert looks == [(step, split) for step in (5, 10, 12) for split in SPLITS]
    assert all(row["shown"] > 0 for row in rows(unbroken) if row.get("split") == "sheets")
    with (unbroken / "curve.csv").open(newline="") as file:
        curve = list(csv.DictReader(file))
    assert [(int(row["step"]), row["split"]) for row in curve] == looks  # no 50 steps of training yet


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_losses_it_would_have_had(unbroken, tmp_path):
    recipe, folder = small_recipe(), begun(tmp_path)
    killed = get_context("spawn").Process(target=train_small, args=(recipe, folder))
    killed.start()
    metrics, deadline = folder / "metrics.jsonl", time.monotonic() + 120
    while not (metrics.exists() and metrics.read_text().count("\n") >= 8):
        assert killed.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(killed.pid, signal.SIGKILL)  # at whatever moment of a step, a look or a save this is
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    train(recipe, folder, workers=2)  # which number of workers draws changes nothing
    assert losses(folder) == losses(unbroken)
    looks = [[row for row in rows(each) if "split" in row] for each in (folder, unbroken)]
    assert [look["split"] for look in looks[0]] == [look["split"] for look in looks[1]]


@pytest.mark.slow
def test_a_run_becomes_longer_and_nothing_else(tmp_path):
    folder = begun(tmp_path)
    train(small_recipe(steps=2), folder)
    with pytest.raises(TrainingError, match=r"clip was 1.0 and is 0.5.*--new-recipe"):
        Trainer(small_recipe(steps=3, clip=0.5), RunOptions(folder), ALONE)
    assert train(small_recipe(steps=3), folder).progress.step == 3
    run = train(small_recipe(steps=4, clip=0.5), folder, new_recipe=True)
    assert run.progress.step == 4
    assert read_recipe(folder) == run.recipe


@pytest.mark.parametrize(("stage", "sheets_until"), [("word_M", 3), ("words_RL", 0)])
def test_a_loss_that_is_no_number_stops_the_run_and_saves_the_batch(tmp_path, stage, sheets_until):
    run = Trainer(small_recipe(sheets_until=sheets_until, review_every=0), RunOptions(begun(tmp_path)), ALONE)
    with torch.no_grad():
        next(run.model.model.multi_modal_projector.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match="step 1 are not finite"):
        run.step()
    assert f"0.{stage}" in load_file(tmp_path / "failed_step_1_rank_0.safetensors")
    assert run.progress.step == 0


def test_a_run_becomes_a_checkpoint(unbroken, tmp_path, monkeypatch):
    out = tmp_path / "nano"
    out.mkdir()
    (out / "README.md").write_text("the card stays")
    monkeypatch.setattr("sys.argv", ["export", str(unbroken), "--out", str(out)])
    assert export_main() == 0
    weights = load_file(out / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.bfloat16}
    assert "model.transformer.wte.new_embedding" in weights  # the released names
    assert (out / "README.md").read_text() == "the card stays"
    task, loaded = load_trained(unbroken), molmo_act.load(out)
    kept = dict(loaded.model.named_parameters())
    for name, parameter in task.loss_module.model.named_parameters():
        assert torch.equal(kept[name], parameter.to(torch.bfloat16).float())
    # Where generate() stops.
    assert loaded.model.generation_config.eos_token_id == task.processor.tokenizer.eos_token_id


def test_what_a_run_learns_from_can_be_looked_at(unbroken, monkeypatch):
    changes = [f"{key}={value}" for key, value in vars(small_recipe()).items() if key != "kind"]
    monkeypatch.setattr("sys.argv", ["visualize", "nano", str(unbroken), *changes, "--sequences", "2"])
    assert visualize_main() == 0
    text = (unbroken / "page.html").read_text()
    assert text.count("<h2>Sequence") == 2
    assert "<b>&lt;points coords=&#34;</b>" in text


def test_nano_learns_in_one_process(tmp_path):
    with pytest.raises(InputError, match="one process; got 2"):
        Trainer(small_recipe(), RunOptions(tmp_path), DistributedContext(torch.device("cpu"), 0, 2))


@pytest.mark.slow
def test_a_tokenizer_is_there_whole_or_not_at_all(unbroken, tmp_path):
    """What a kill left behind while it was written is not taken for it."""
    begun(tmp_path)
    (tmp_path / "tokenizer").rename(tmp_path / "tokenizer.partial")
    (tmp_path / "tokenizer.partial" / "tokenizer_config.json").unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.train.tasks.nano.load_library", lambda split: None)
        patch.setattr("model.train.tasks.nano.draw_screen", patched_screen)
        train(small_recipe(steps=1, tokenizer_images=5), tmp_path)
    assert {path.name for path in (tmp_path / "tokenizer").iterdir()} == {
        path.name for path in (unbroken / "tokenizer").iterdir()
    }
    assert len(list_saves(tmp_path)) == 1


def patched_screen(rng, width, height):
    from model.data.scenes.generate import draw_scene

    return draw_scene(rng, width, height, None)


def test_a_run_starts_from_the_weights_and_words_of_a_checkpoint(unbroken, tmp_path):
    learned = load_trained(unbroken)
    save_checkpoint(learned.loss_module.model, learned.processor, tmp_path / "first")
    run = Trainer(small_recipe(model=str(tmp_path / "first")), RunOptions(tmp_path / "run"), ALONE)
    assert run.task.processor.tokenizer.get_vocab() == learned.processor.tokenizer.get_vocab()
    for name, parameter in learned.loss_module.model.named_parameters():
        assert torch.equal(run.model.get_parameter(name), parameter), name
