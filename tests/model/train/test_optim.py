"""Rates reach their groups, gradients are clipped together as told, and schedules have their shapes."""

from __future__ import annotations

import pytest
import torch
from torch.optim import SGD

from model.train.optim import Optimizers, cosine, group_parameters, warmup_stable_decay


def make(clips: dict[str, tuple[str, float]]) -> tuple[dict[str, torch.nn.Parameter], Optimizers]:
    """One parameter for each of a and b, with an optimiser each, and a gradient of norm 2 and 1."""
    weights = {name: torch.nn.Parameter(torch.zeros(1)) for name in "ab"}
    weights["a"].grad, weights["b"].grad = torch.tensor([2.0]), torch.tensor([1.0])
    members = tuple(SGD([{"params": [weights[name]], "name": name}], lr=0.0) for name in "ab")
    together = {
        name: ([weights[each] for each in names], largest) for name, (names, largest) in clips.items()
    }
    return weights, Optimizers(members, lambda step: {"a": 0.1 * step, "b": 1.0}, together)


def test_a_step_moves_every_part_at_its_rate():
    weights, optimizers = make({})
    assert optimizers.set_rates(5) == {"a": 0.5, "b": 1.0}
    optimizers.step()
    assert [float(weight.detach()) for weight in weights.values()] == [-1.0, -1.0]
    assert all(weight.grad is None for weight in weights.values())


def test_what_learns_is_grouped_by_part():
    model = torch.nn.ModuleDict({name: torch.nn.Linear(1, 1) for name in ("eye", "mouth", "ear")})
    model["ear"].requires_grad_(False)
    groups = group_parameters(model.named_parameters(), lambda name: name.partition(".")[0])
    assert [group["name"] for group in groups] == ["eye", "mouth"]
    assert [len(group["params"]) for group in groups] == [2, 2]


def test_gradients_are_clipped_together_or_apart():
    weights, optimizers = make({"all": ("ab", 1.0)})
    assert float(optimizers.clip()["all"]) == pytest.approx(5**0.5)
    assert float(weights["a"].grad / weights["b"].grad) == pytest.approx(2.0)
    weights, optimizers = make({"a": ("a", 1.0), "b": ("b", 3.0)})
    assert {name: float(norm) for name, norm in optimizers.clip().items()} == {"a": 2.0, "b": 1.0}
    assert [float(weight.grad) for weight in weights.values()] == pytest.approx([1.0, 1.0])


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
def test_a_flat_rate_warms_up_stays_and_decays(step, factor):
    assert warmup_stable_decay(step, steps=100, warmup=10, decay=0.25) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("step", "factor"),
    [
        (0, 0.1),
        (10, 1.0),  # behind the warm-up
        (54.5, 0.55),  # half way
        (99, 0.1),  # the last step
    ],
)
def test_a_cosine_ends_at_its_share(step, factor):
    assert cosine(step, steps=100, warmup=10, final=0.1) == pytest.approx(factor)
