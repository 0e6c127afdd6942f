"""A run that is stopped and resumed goes on as if it had not been."""

from __future__ import annotations

import pytest
import torch
from model.train.run_state import FILE, Progress, load_run, save_run

from model.train.batch import collate
from model.train.objective import tree_losses
from model.train.optimizers import make_optimizers, set_learning_rate, warmup_stable_decay
from molmo_act.errors import CheckpointError
from molmo_act.modeling import MolmoPointForConditionalGeneration
from tests.model.train.small_run import draw_trees, make_tokenizer, tiny_config


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer()


@pytest.fixture(scope="module")
def batches(tokenizer):
    config = tiny_config(tokenizer)
    trees = draw_trees(tokenizer, 8)
    return [collate(trees[i : i + 2], config) for i in range(0, 8, 2)]


def start(tokenizer, seed: int = 0, learning_rate: float = 1e-3):
    torch.manual_seed(seed)
    model = MolmoPointForConditionalGeneration(tiny_config(tokenizer))
    return model, make_optimizers(model, learning_rate, 0.05)


def train(model, optimizers, batches) -> list[float]:
    losses = []
    for batch in batches:
        loss = tree_losses(model, batch).total
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        losses.append(float(loss.detach()))
    return losses


def test_resumed_losses_are_those_of_an_unbroken_run(tokenizer, batches, tmp_path):
    unbroken = train(*start(tokenizer), batches)
    model, optimizers = start(tokenizer)
    first = train(model, optimizers, batches[:2])
    save_run(tmp_path, model, optimizers, Progress(step=2, seconds=1.5))

    model, optimizers = start(tokenizer, seed=1)  # other weights, all to be replaced
    progress = load_run(tmp_path, model, optimizers)
    assert progress == Progress(step=2, seconds=1.5)
    assert first + train(model, optimizers, batches[2:]) == unbroken


def test_learning_lowers_the_loss(tokenizer, batches):
    model, optimizers = start(tokenizer, learning_rate=1e-2)
    losses = train(model, optimizers, batches[:1] * 20)
    assert losses[-1] < 0.7 * losses[0]


def test_an_empty_folder_starts_from_the_beginning(tokenizer, tmp_path):
    assert load_run(tmp_path, *start(tokenizer)) == Progress()


def test_a_run_of_another_model_is_refused(tokenizer, tmp_path):
    model, optimizers = start(tokenizer)
    save_run(tmp_path, model, optimizers, Progress())
    with pytest.raises(CheckpointError, match="another model"):
        load_run(tmp_path, torch.nn.Linear(2, 2), [])


def test_the_last_save_outlives_a_failed_one(tokenizer, tmp_path, monkeypatch):
    model, optimizers = start(tokenizer)
    save_run(tmp_path, model, optimizers, Progress(step=1))
    monkeypatch.setattr("model.train.run_state.save_file", _disk_full)
    with pytest.raises(OSError, match="No space left"):
        save_run(tmp_path, model, optimizers, Progress(step=2))
    assert load_run(tmp_path, model, optimizers).step == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def _disk_full(*_: object, **__: object) -> None:
    raise OSError("No space left on device")


@pytest.mark.parametrize(
    ("step", "factor"),
    [
        (0, 0.1),  # the first step of the warm-up is not lost
        (4, 0.5),
        (9, 1.0),
        (50, 1.0),  # flat
        (75, 1.0),  # the decay begins after this one
        (90, 0.4),
        (100, 0.0),
    ],
)
def test_learning_rate_warms_up_stays_and_decays(step, factor):
    assert warmup_stable_decay(step, steps=100, warmup=10, decay=0.25) == pytest.approx(factor)


def test_learning_rate_reaches_every_group(tokenizer):
    _, optimizers = start(tokenizer)
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    set_learning_rate(optimizers, 0.125)
    assert {group["lr"] for group in groups} == {0.125}
    set_learning_rate(optimizers, 0.5, vision=0.25)
    assert {(group["is_vision"], group["lr"]) for group in groups} == {(True, 0.125), (False, 0.5)}
