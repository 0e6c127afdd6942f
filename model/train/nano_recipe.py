"""How nano, the bundled checkpoint, is made from scratch; knows numbers, runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from model.train.recipe import Recipe


@dataclass(frozen=True)
class NanoRecipe(Recipe):
    """Sheets of names first, then pictures with questions, larger and less plain ones by and by.

    Attributes:
        steps: Length of the run; may be changed when it goes on, the schedule is flat in the middle.
        sheets_until: Step up to which only sheets of names are shown: to see comes before to point.
        review_every: One batch in so many of the rest shows sheets again; 0 for none.
        learning_rate: At its highest, for all parameters.
        vision_rate: What that of the vision tower is multiplied by once pointing begins, so that it does not
            forget how to read.
        warmup: Steps of linear warm-up.
        decay: Share of the run, at its end, over which the learning rate falls to zero.
        small_until: Step up to which only small pictures are shown.
        crops_per_batch: About how many crops a batch of pictures holds.
        sheets_per_batch: How many crops a batch of sheets holds.
        plain: Share of plain pictures, a few buttons or shapes only, when pointing begins.
        least_plain: Their share from `small_until` on.
        pages: Share of the other screens that are cut from pages that `model.data.html_screens` rendered.
        clips: Share of the other scenes that are frames of drawn clips, with things cut off and half hidden.
        weight_decay: Of the matrices of hidden layers.
        clip: Largest norm of the gradient.
        tokenizer_pictures: Pictures of each kind whose words the tokenizer is made from.
    """

    steps: int = 14000
    sheets_until: int = 7000
    review_every: int = 4
    learning_rate: float = 1e-3
    vision_rate: float = 0.3
    warmup: int = 150
    decay: float = 0.25
    small_until: int = 11000
    crops_per_batch: int = 16
    sheets_per_batch: int = 16
    plain: float = 0.8
    least_plain: float = 0.15
    pages: float = 0.0
    clips: float = 0.0
    weight_decay: float = 0.05
    clip: float = 1.0
    tokenizer_pictures: int = 2000

    kind: ClassVar[str] = "nano"
    may_change: ClassVar[tuple[str, ...]] = (*Recipe.may_change, "steps", "decay")
    counts: ClassVar[tuple[str, ...]] = (
        *Recipe.counts,
        *("warmup", "crops_per_batch", "sheets_per_batch", "tokenizer_pictures"),
    )
