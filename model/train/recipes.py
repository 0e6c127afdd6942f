"""The recipes of released models as frozen configurations; knows numbers, runs nothing.

Numbers are those of the MolmoPoint and Molmo2 papers, for many GPUs. On a small machine override what it
cannot hold: `batch`, `tokens`, `crops`, `steps`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from model.data.answer_form import AnswerForm
from molmo_act.errors import InputError

CHOICES = {
    "fresh": ("none", "language", "all"),
    "precision": ("bfloat16", "float32"),
    "adapters": ("none", "lora", "qlora"),
}


@dataclass(frozen=True)
class Part:
    """How one part of the model learns.

    Attributes:
        rate: Highest learning rate; 0 freezes the part.
        warmup: Steps of linear warm-up.
        clip: Largest norm of the part's gradient.
    """

    rate: float
    warmup: int = 200
    clip: float = 1.0


def released_form() -> AnswerForm:
    """How released models answer."""
    return AnswerForm(empty="words")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run.

    Attributes:
        model: Folder or hub name of the checkpoint to start from; empty for the bundled nano.
        fresh: What starts with random weights instead of the checkpoint's: "none"; "language", all but the
            vision tower and the connector; or "all".
        data: Mixture, see `model.data.mixture.parse_groups`.
        steps: Optimiser steps.
        batch: Sequences of one step, over all processes.
        tokens, crops: Room of a sequence.
        buffer: Examples that are packed together.
        crop_weight: What a crop is worth in packing, in tokens.
        max_crops: Most detailed crops of one picture.
        frames: Most frames of one film.
        side_least, side_most: Sides of generated pictures, pixels.
        points, names: Most pointing and naming branches of a picture.
        vision, connector, language, grounding: How the parts learn.
        final: Share of the learning rates that the cosine ends at.
        beta1, beta2, epsilon, weight_decay: Of AdamW.
        z_loss: Weight of the z-loss of words.
        precision: Of the products, "bfloat16" or "float32"; weights that learn are float32 either way.
        recompute: Whether activations are computed again in the backward pass instead of kept.
        compile: Whether layers are compiled; pads all sequences to one length.
        adapters: "none"; "lora": the language blocks learn through low-rank adapters only; "qlora": they are
            also stored in 4 bits.
        rank, alpha: Of the adapters.
        form: How points are written: three of the ablations.
        rotary: Whether grounding queries and keys are rotated; the fourth. Only where they are fresh.
        seed: Of data and fresh weights.
        save_every: Steps between saves.

    Raises:
        InputError: A value that is not one of those listed, or out of range.
    """

    model: str = ""
    fresh: str = "none"
    data: str = "0.5 screens; 0.5 scenes"
    steps: int = 1000
    batch: int = 128
    tokens: int = 16_384
    crops: int = 128
    buffer: int = 32
    crop_weight: float = 30.0
    max_crops: int = 8
    frames: int = 128
    side_least: int = 200
    side_most: int = 769
    points: int = 64
    names: int = 0
    vision: Part = Part(5e-6)
    connector: Part = Part(5e-6)
    language: Part = Part(1e-5)
    grounding: Part = Part(5e-6)
    final: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.95
    epsilon: float = 1e-6
    weight_decay: float = 0.0
    z_loss: float = 1e-4
    precision: str = "bfloat16"
    recompute: bool = True
    compile: bool = False
    adapters: str = "none"
    rank: int = 32
    alpha: int = 64
    form: AnswerForm = field(default_factory=released_form)
    rotary: bool = True
    seed: int = 0
    save_every: int = 200

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise InputError(
                    f"{name} is {getattr(self, name)!r}; expected {' or '.join(map(repr, known))}."
                )
        for name in ("steps", "batch", "tokens", "crops", "buffer", "max_crops", "save_every", "rank"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; expected at least 1.")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}; expected at least 0.")
        if not self.rotary and self.fresh == "none":
            raise InputError("rotary=false needs fresh=language or all: trained weights know the rotation.")


POINTING = "pixmo-points pixmo-count"
SAYING = "pixmo-ask-model-anything pixmo-docs pixmo-clocks"

PRETRAIN = Recipe(
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
SFT = Recipe(
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
GUI = Recipe(
    data="0.8 guisyn-web guisyn-desktop guisyn-mobile; 0.2 screens",
    steps=2000,
    batch=128,
    tokens=12_288,
    crops=49,
    max_crops=48,
    crop_weight=10.0,
)
VIDEO = Recipe(
    data="0.5 molmo2-video-points; 0.5 molmo2-video-tracks molmopoint-track-any molmopoint-track-syn",
    steps=6000,
    batch=64,
    crops=128,
)
NANO = Recipe(
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
RECIPES = {
    "nano": NANO,
    "pretrain": PRETRAIN,
    "sft": SFT,
    "long_context": LONG_CONTEXT,
    "gui": GUI,
    "video": VIDEO,
}
