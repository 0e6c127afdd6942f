"""How nano learns from earlier frames, too (VideoMolmo, arXiv 2506.05336); knows numbers, runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from model.train.recipe import Recipe


@dataclass(frozen=True)
class TemporalRecipe(Recipe):
    """The bundled nano learns drawn clips, one a step, with a temporal module; its vision tower is frozen.

    The schedule is the paper's in shape, and larger in size.

    Attributes:
        module: How earlier frames are mixed in, "attention", "addition" or "concatenation"; "none" for not
            at all.
        past: How many earlier frames, at most, are averaged.
        held_out: Clips to look at.
        module_rate: Learning rate of the module at its highest, which starts from nothing.
        rate: Of everything else.
        warmup: Steps of linear warm-up; then half a cosine down to nothing.
        clip: Largest norm of the gradient.
    """

    steps: int = 200
    save_every: int = 100
    look_every: int = 20
    module: str = "attention"
    past: int = 4
    held_out: int = 16
    module_rate: float = 1e-3
    rate: float = 1e-4
    warmup: int = 10
    clip: float = 1.0

    kind: ClassVar[str] = "temporal"
    may_change: ClassVar[tuple[str, ...]] = ("save_every",)  # looks of several runs are compared step by step
    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **Recipe.choices,
        "module": ("none", "attention", "addition", "concatenation"),
    }
    counts: ClassVar[tuple[str, ...]] = (*Recipe.counts, "past", "held_out", "warmup")
