"""The recipes by name; knows numbers, runs nothing.

Those of released models have the numbers of the MolmoPoint and Molmo2 papers, for many GPUs. On a small
machine override what it cannot hold: `batch`, `tokens`, `crops`, `steps`.
"""

from __future__ import annotations

from dataclasses import replace

from model.data.answer_form import AnswerForm
from model.train.nano_recipe import NanoRecipe
from model.train.packed_recipe import PackedRecipe, Part
from model.train.recipe import Recipe
from model.train.temporal_recipe import TemporalRecipe

POINTING = "pixmo-points pixmo-count"
SAYING = "pixmo-ask-model-anything pixmo-docs pixmo-clocks"

PRETRAIN = PackedRecipe(
    data=f"0.6 pixmo-cap; 0.4 {POINTING}",
    steps=23_000,
    batch=128,
    tokens=4096,
    crops=32,
    connector=Part(2e-4, warmup=200),
    vision=Part(6e-6, warmup=2000),
    language=Part(2e-5, warmup=2000),
    grounding=Part(2e-4, warmup=200),
)
SFT = PackedRecipe(
    data=f"0.5 {SAYING}; 0.4 {POINTING} pixmo-points-explanations; 0.1 screens scenes",
    steps=22_000,
    batch=160,
    buffer=48,
)
LONG_CONTEXT = replace(
    SFT,
    data="0.6 molmo2-video-points molmo2-video-tracks; 0.4 pixmo-points",
    steps=2000,
    tokens=36_864,
    crops=384,
    frames=384,
)
GUI = PackedRecipe(
    data="0.8 guisyn-web guisyn-desktop guisyn-mobile; 0.2 screens",
    steps=2000,
    batch=128,
    tokens=12_288,
    crops=49,
    max_crops=48,
    crop_weight=10.0,
)
VIDEO = PackedRecipe(
    data="0.5 molmo2-video-points; 0.5 molmo2-video-tracks molmopoint-track-any molmopoint-track-syn",
    steps=6000,
    batch=64,
    crops=128,
)
TUNE_NANO = PackedRecipe(
    data="0.5 screens; 0.5 scenes",
    steps=2000,
    batch=4,
    tokens=2048,
    crops=24,
    side_most=600,
    points=12,
    names=2,
    vision=Part(3e-5, warmup=100),
    connector=Part(1e-4, warmup=100),
    language=Part(1e-4, warmup=100),
    grounding=Part(1e-4, warmup=100),
    recompute=False,
    form=AnswerForm(empty="list"),
)
"""The bundled nano taught further, on a CPU."""
RECIPES: dict[str, Recipe] = {
    "nano": NanoRecipe(),
    "tune_nano": TUNE_NANO,
    "pretrain": PRETRAIN,
    "sft": SFT,
    "long_context": LONG_CONTEXT,
    "gui": GUI,
    "video": VIDEO,
    "temporal": TemporalRecipe(),
}
