"""The recipes by name.

Those of released models have the numbers of the MolmoPoint and Molmo2 papers, for many GPUs. On a small
machine override what it cannot hold: `batch`, `tokens`, `crops`, `steps`.
"""

from __future__ import annotations

from dataclasses import replace

from model.data.encoding.answer_format import AnswerFormat
from model.train.config.base import Recipe
from model.train.config.mixture import ParamGroupConfig
from model.train.config.nano import NanoRecipe
from model.train.config.packed import PackedRecipe
from model.train.config.temporal import TemporalRecipe
from model.train.config.video_molmo import VideoMolmoRecipe

POINTING = "pixmo-points pixmo-count"
ANSWERING = "pixmo-ask-model-anything pixmo-docs pixmo-clocks"

PRETRAIN = PackedRecipe(
    data=f"0.6 pixmo-cap; 0.4 {POINTING}",
    steps=23_000,
    tokens=4096,
    crops=32,
    connector=ParamGroupConfig(2e-4, warmup=200),
    vision=ParamGroupConfig(6e-6, warmup=2000),
    language=ParamGroupConfig(2e-5, warmup=2000),
    grounding=ParamGroupConfig(2e-4, warmup=200),
)
SFT = PackedRecipe(
    data=f"0.5 {ANSWERING}; 0.4 {POINTING} pixmo-points-explanations; 0.1 screens scenes",
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
    tokens=12_288,
    crops=49,
    max_crops=48,
    crop_weight=10.0,
)
VIDEO = PackedRecipe(
    data="0.5 molmo2-video-points; 0.5 molmo2-video-tracks molmopoint-track-any molmopoint-track-syn",
    steps=6000,
    batch=64,
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
    vision=ParamGroupConfig(3e-5, warmup=100),
    connector=ParamGroupConfig(1e-4, warmup=100),
    language=ParamGroupConfig(1e-4, warmup=100),
    grounding=ParamGroupConfig(1e-4, warmup=100),
    recompute=False,
    form=AnswerFormat(empty="list"),
)
"""The bundled nano trained further, on a CPU."""
RECIPES: dict[str, Recipe] = {
    "nano": NanoRecipe(),
    "tune_nano": TUNE_NANO,
    "pretrain": PRETRAIN,
    "sft": SFT,
    "long_context": LONG_CONTEXT,
    "gui": GUI,
    "video": VIDEO,
    "videomolmo": VideoMolmoRecipe(),
    "temporal": TemporalRecipe(),
}
