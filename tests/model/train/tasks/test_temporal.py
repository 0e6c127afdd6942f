"""nano with earlier frames over the one loop: what it sees, what learns, how it goes on, what it becomes."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import molmo_act
from model.train.checkpoint import list_saves
from model.train.config.temporal import TemporalRecipe
from model.train.data.clips import HELD_OUT_SEED
from model.train.distributed import DistributedContext
from model.train.export import main as export_main
from model.train.task import RunOptions
from model.train.tasks.temporal import means_of_past
from model.train.trainer import Trainer
from model.train.visualize import main as visualize_main
from molmo_act.errors import InputError
from molmo_act.pointing.model import PointingModel
from tests.model.train.small_clips import draw_small, shrink_clips

ALONE = DistributedContext(torch.device("cpu"))
RECIPE = TemporalRecipe(steps=4, warmup=1, past=1, held_out=2, eval_every=2, save_every=2)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def small(one_thread):
    with pytest.MonkeyPatch.context() as patch:
        shrink_clips(patch)
        yield


def train(recipe: TemporalRecipe, folder: Path) -> Trainer:
    run = Trainer(recipe, RunOptions(folder), ALONE)
    run.train()
    return run


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def losses(folder: Path) -> list[float]:
    return [row["loss"] for row in rows(folder) if "split" not in row]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    return train(RECIPE, folder), folder


def test_means_are_of_the_frames_before():
    frames = torch.arange(5.0)[:, None, None, None] ** 2
    assert means_of_past(frames, 1).flatten().tolist() == [0, 1, 4, 9]
    assert means_of_past(frames, 4).flatten().tolist() == pytest.approx([0, 1 / 2, 5 / 3, 14 / 4])


def test_all_but_the_vision_tower_learns(unbroken):
    run, _ = unbroken
    begun = Trainer(RECIPE, RunOptions(unbroken[1] / "fresh"), ALONE).model.state_dict()
    same = {name for name, weight in run.model.state_dict().items() if torch.equal(weight, begun[name])}
    assert {name for name in begun if ".vision_tower." in name} <= same
    assert begun["model.temporal.mixer.out_proj.weight"].count_nonzero() == 0
    assert not {name for name in begun if ".temporal." in name or ".multi_modal_projector." in name} & same


def test_the_module_learns_at_a_rate_of_its_own(unbroken):
    steps = [row for row in rows(unbroken[1]) if "split" not in row]
    assert [row["examples"] for row in steps] == [2, 4, 6, 8]
    assert steps[0]["rate/module"] == RECIPE.module_rate
    assert steps[0]["rate/rest"] == RECIPE.rate
    assert steps[-1]["rate/module"] == pytest.approx(0.0)


def test_held_out_clips_are_looked_at_one_by_one(unbroken):
    looks = [row for row in rows(unbroken[1]) if "split" in row]
    assert [(row["step"], row["split"]) for row in looks] == [
        (step, clip) for step in (2, 4) for clip in ("clip 0", "clip 1")
    ]
    assert len({row["patch"] for row in looks}) == 4


def test_a_run_goes_on_with_the_losses_it_would_have_had(unbroken, tmp_path):
    shutil.copytree(unbroken[1], tmp_path / "again")
    shutil.rmtree(list_saves(tmp_path / "again")[-1])
    run = train(RECIPE, tmp_path / "again")
    assert run.progress.step == 4
    assert losses(tmp_path / "again") == losses(unbroken[1])


@torch.no_grad()
def test_training_sees_a_frame_as_a_stream_does(unbroken):
    """The features of every frame are those that `encode` makes of it and of what came before."""
    run, _ = unbroken
    [batch] = run.task.held_out()["clip 0"]
    views = run.task.loss_module.encode_images(batch)
    model = PointingModel(run.model, run.task.processor, "run")
    first, second = draw_small(HELD_OUT_SEED)
    began = model.encode(first.image)
    went_on, blind = (model.encode(second.image, past=past) for past in ([began.windows_NKC], ()))
    seen = [encoded.prefix.state.image_features_BPD[0] for encoded in (began, went_on, blind)]
    torch.testing.assert_close(views.features_ND, torch.cat(seen[:2]), rtol=1e-4, atol=1e-4)
    assert (seen[1] - seen[2]).abs().max() > 1e-2


def test_a_run_becomes_a_checkpoint_that_remembers(unbroken, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["export", str(unbroken[1]), "--out", str(tmp_path / "nano")])
    assert export_main() == 0
    loaded = molmo_act.load(tmp_path / "nano")
    assert (loaded.model.config.temporal_module, loaded.model.config.temporal_frames) == ("attention", 1)
    first, second = draw_small(5)
    earlier = [loaded.encode(first.image).windows_NKC]
    assert len(loaded.point(loaded.encode(second.image, past=earlier), ["the circle"])) == 1


def test_what_a_run_learns_from_can_be_looked_at(unbroken, monkeypatch):
    changes = [f"{key}={value}" for key, value in vars(RECIPE).items()]
    monkeypatch.setattr("sys.argv", ["visualize", "temporal", str(unbroken[1]), *changes, "--sequences", "1"])
    assert visualize_main() == 0
    assert (unbroken[1] / "page.html").read_text().count("<div class=tree>") == 2


def test_clips_are_learned_in_one_process(tmp_path):
    with pytest.raises(InputError, match="temporal learns in one process; got 2"):
        Trainer(RECIPE, RunOptions(tmp_path), DistributedContext(torch.device("cpu"), 0, 2))


def test_an_unknown_module_is_refused():
    with pytest.raises(InputError, match="module is 'rnn'; expected 'none' or 'attention'"):
        replace(RECIPE, module="rnn")
