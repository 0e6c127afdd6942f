"""Which group a parameter is of, and how groups learn."""

from __future__ import annotations

import pytest
from torch import nn

from model.train.config.mixture import ParamGroupConfig
from model.train.config.packed import PackedRecipe
from model.train.models.param_groups import build_optimizers, freeze, group_of

RECIPE = PackedRecipe(
    steps=100,
    vision=ParamGroupConfig(0.0),
    connector=ParamGroupConfig(1e-3, warmup=10, clip=0.5),
    language=ParamGroupConfig(1e-2, warmup=2),
    grounding=ParamGroupConfig(1e-4, warmup=1, clip=2.0),
)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("model.vision_tower.layers.0.weight", "vision"),
        ("model.multi_modal_projector.weight", "connector"),
        ("model.temporal.mixer.weight", "connector"),
        ("model.point_predictor.patch_q.weight", "grounding"),
        ("model.build_vit_embedding.weight", "grounding"),
        ("model.language_model.layers.0.weight", "language"),
        ("lm_head.weight", "language"),
    ],
)
def test_names_tell_the_group(name, group):
    assert group_of(name) == group


def small() -> nn.Module:
    """One layer in each group."""
    places = ("vision_tower", "multi_modal_projector", "point_predictor", "language_model")
    return nn.ModuleDict({place: nn.Linear(2, 2) for place in places})


def test_groups_without_a_rate_are_frozen():
    model = small()
    freeze(model, RECIPE)
    assert {name.split(".")[0] for name, p in model.named_parameters() if not p.requires_grad} == {
        "vision_tower"
    }


def test_every_group_has_its_schedule_and_its_clipping():
    model = small()
    freeze(model, RECIPE)
    optimizers = build_optimizers(model, RECIPE)
    [adamw] = optimizers.members
    assert {group["name"]: len(group["params"]) for group in adamw.param_groups} == {
        "connector": 2,
        "grounding": 2,
        "language": 2,
    }
    rates = optimizers.set_rates(0)
    assert rates == pytest.approx({"connector": 1e-4, "grounding": 1e-4, "language": 5e-3})
    assert optimizers.set_rates(99)["language"] == pytest.approx(1e-3)  # a tenth
    assert {name: clip for name, (_, clip) in optimizers.clips.items()} == {
        "connector": 0.5,
        "grounding": 2.0,
        "language": 1.0,
    }
    assert adamw.defaults["betas"] == (RECIPE.beta1, RECIPE.beta2)
