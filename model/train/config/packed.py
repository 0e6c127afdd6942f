"""Recipes that train a MolmoPoint further on packed sequences, every param group at its own rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from model.data.encoding.answer_format import AnswerFormat
from model.train.config.mixture import MixtureRecipe, ParamGroupConfig
from molmo_act.errors import InputError


def released_form() -> AnswerFormat:
    """The form in which released models answer."""
    return AnswerFormat(empty="words")


@dataclass(frozen=True)
class PackedRecipe(MixtureRecipe):
    """A MolmoPoint is trained further.

    Attributes:
        model: See `MixtureRecipe`; empty for the bundled nano.
        fresh: What starts with random weights instead of the checkpoint's: "none"; "language", all but the
            vision tower and the connector; or "all".
        names: Most naming branches of an image.
        grounding: How the grounding head learns.
        adapters: "none"; "lora": the language blocks learn through low-rank adapters only; "qlora": they are
            also stored in 4 bits.
        rank, alpha: Size and scale of the adapters.
        form: How points are written: three of the ablations.
        rotary: Whether grounding queries and keys are rotated; the fourth. Only where they are fresh.
        module: How frames before a frame are mixed in, "attention", "addition" or "concatenation", by a
            module that starts with fresh weights unless the checkpoint has it; "none" for what the checkpoint
            has. With a module, of every video one frame is shown at a time.
        past: Largest number of frames before a frame.
    """

    fresh: str = "none"
    names: int = 0
    grounding: ParamGroupConfig = field(default_factory=lambda: ParamGroupConfig(5e-6))
    adapters: str = "none"
    rank: int = 32
    alpha: int = 64
    form: AnswerFormat = field(default_factory=released_form)
    rotary: bool = True
    module: str = "none"
    past: int = 4

    kind: ClassVar[str] = "packed"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **MixtureRecipe.choices,
        "fresh": ("none", "language", "all"),
        "adapters": ("none", "lora", "qlora"),
        "module": ("none", "attention", "addition", "concatenation"),
    }
    counts: ClassVar[tuple[str, ...]] = (*MixtureRecipe.counts, "rank", "past")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.rotary and self.fresh == "none":
            raise InputError("rotary=false needs fresh=language or all: trained weights know the rotation.")
