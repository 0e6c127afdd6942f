"""The recipe of nano, the bundled checkpoint, which is trained from scratch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from model.train.config.base import Recipe


@dataclass(frozen=True)
class NanoRecipe(Recipe):
    """Glyph sheets first, then images with questions, which become larger and less plain.

    Attributes:
        model: A checkpoint of nano to start from, with its tokenizer; empty for random weights.
        steps: Length of the run; may change when it is resumed, since the schedule is flat in the middle.
        sheets_until: Step up to which only glyph sheets are shown: reading comes before pointing.
        review_every: One batch in so many of the rest shows glyph sheets again; 0 for none.
        learning_rate: Highest learning rate, for all parameters.
        vision_rate: Factor of the vision tower's learning rate once pointing begins, so that it does not
            forget how to read.
        warmup: Steps of linear warm-up.
        decay: Share of the run, at its end, over which the learning rate falls to zero.
        small_until: Step up to which only small images are shown.
        crops_per_batch: Approximate number of crops in a batch of images.
        sheets_per_batch: Number of crops in a batch of glyph sheets.
        plain: Share of plain images, with a few buttons or shapes only, when pointing begins.
        least_plain: Share of plain images from `small_until` on.
        pages: Share of the other screens that are cut from pages that `model.data.web.render` rendered.
        clips: Share of the other scenes that are frames of drawn clips, with objects cut off or half hidden.
        weight_decay: Weight decay of the matrices of hidden layers.
        clip: Largest norm of the gradient.
        tokenizer_images: Number of images of each kind whose words the tokenizer is trained on.
    """

    model: str = ""
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
    tokenizer_images: int = 2000

    kind: ClassVar[str] = "nano"
    may_change: ClassVar[tuple[str, ...]] = (*Recipe.may_change, "steps", "decay")
    renamed: ClassVar[dict[str, str]] = {**Recipe.renamed, "tokenizer_pictures": "tokenizer_images"}
    counts: ClassVar[tuple[str, ...]] = (
        *Recipe.counts,
        *("warmup", "crops_per_batch", "sheets_per_batch", "tokenizer_images"),
    )
