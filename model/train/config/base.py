"""What every training recipe says: length, precision, seed, and how often a run saves and evaluates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from molmo_act.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the outcome of a run; each kind of recipe adds its own keys.

    Attributes:
        steps: Optimizer steps.
        precision: Precision of matrix products, "bfloat16" or "float32"; weights that are trained are float32
            either way.
        seed: Seed of the data and of fresh weights.
        save_every: Steps between saves.
        eval_every: Steps between evaluations on held-out batches, where there are any.

    Raises:
        InputError: A value is not one of those listed, or out of range.
    """

    steps: int = 1000
    precision: str = "bfloat16"
    seed: int = 0
    save_every: int = 200
    eval_every: int = 500

    kind: ClassVar[str]
    may_change: ClassVar[tuple[str, ...]] = ("save_every", "eval_every")
    """Keys that may have another value when a run is resumed."""
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"precision": ("bfloat16", "float32")}
    counts: ClassVar[tuple[str, ...]] = ("steps", "save_every", "eval_every")
    """Keys whose values are at least 1."""
    renamed: ClassVar[dict[str, str]] = {"look_every": "eval_every"}
    """Former names of keys, by which `recipe.json` of older runs and overrides may still call them."""

    def __post_init__(self) -> None:
        for name, known in self.choices.items():
            if getattr(self, name) not in known:
                raise InputError(
                    f"{name} is {getattr(self, name)!r}; expected {' or '.join(map(repr, known))}."
                )
        for name in self.counts:
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; expected at least 1.")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}; expected at least 0.")
