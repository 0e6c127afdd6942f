"""What every recipe says; knows no particular one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from molmo_act.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run; kinds of recipes add to it.

    Attributes:
        steps: Optimiser steps.
        precision: Of the products, "bfloat16" or "float32"; weights that learn are float32 either way.
        seed: Of data and fresh weights.
        save_every: Steps between saves.
        look_every: Steps between looks at held-out batches, where there are any.

    Raises:
        InputError: A value that is not one of those listed, or out of range.
    """

    steps: int = 1000
    precision: str = "bfloat16"
    seed: int = 0
    save_every: int = 200
    look_every: int = 500

    kind: ClassVar[str]
    may_change: ClassVar[tuple[str, ...]] = ("save_every", "look_every")
    """What a run may say otherwise when it goes on."""
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"precision": ("bfloat16", "float32")}
    counts: ClassVar[tuple[str, ...]] = ("steps", "save_every", "look_every")
    """Keys whose values are at least 1."""

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
