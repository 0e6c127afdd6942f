"""The recipe of nano with a temporal module for earlier frames (VideoMolmo, arXiv 2506.05336)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from model.train.config.base import Recipe


@dataclass(frozen=True)
class TemporalRecipe(Recipe):
    """The bundled nano is trained on drawn clips with a temporal module; the vision tower is frozen.

    The schedule has the shape of the paper's, with higher rates.

    Attributes:
        module: How earlier frames are mixed in, "attention", "addition" or "concatenation"; "none" for no
            module.
        past: Largest number of earlier frames that are averaged.
        held_out: Number of clips to evaluate on.
        module_rate: Highest learning rate of the module, whose weights are fresh.
        rate: Highest learning rate of everything else.
        warmup: Steps of linear warm-up; half a cosine down to zero follows.
        clip: Largest norm of the gradient.
    """

    steps: int = 200
    save_every: int = 100
    eval_every: int = 20
    module: str = "attention"
    past: int = 4
    held_out: int = 16
    module_rate: float = 1e-3
    rate: float = 1e-4
    warmup: int = 10
    clip: float = 1.0

    kind: ClassVar[str] = "temporal"
    may_change: ClassVar[tuple[str, ...]] = ("save_every",)  # evaluations of runs are compared by step
    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **Recipe.choices,
        "module": ("none", "attention", "addition", "concatenation"),
    }
    counts: ClassVar[tuple[str, ...]] = (*Recipe.counts, "past", "held_out", "warmup")
