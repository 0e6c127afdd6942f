"""Recipes that train a checkpoint further on packed sequences, every param group at its own rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from model.data.encoding.answer_format import AnswerFormat
from model.train.config.base import Recipe
from molmo_act.errors import InputError

Z_LOSS = 1e-4
"""Weight of the z-loss of words: of the squared logarithm of the softmax's denominator."""


@dataclass(frozen=True)
class ParamGroupConfig:
    """How one param group of the model learns.

    Attributes:
        rate: Highest learning rate; 0 freezes the group.
        warmup: Steps of linear warm-up.
        clip: Largest norm of the group's gradient.
    """

    rate: float
    warmup: int = 200
    clip: float = 1.0


def released_form() -> AnswerFormat:
    """The form in which released models answer."""
    return AnswerFormat(empty="words")


@dataclass(frozen=True)
class PackedRecipe(Recipe):
    """A checkpoint is trained further with packed sequences of a mixture of sources.

    Attributes:
        model: Folder or hub name of the checkpoint to start from; empty for the bundled nano.
        fresh: What starts with random weights instead of the checkpoint's: "none"; "language", all but the
            vision tower and the connector; or "all".
        data: Mixture, see `model.data.encoding.mixture.parse_groups`.
        batch: Sequences of one step, over all processes.
        tokens, crops: Room of a sequence.
        buffer: Number of examples out of which sequences are packed.
        crop_weight: What a crop is worth in packing, in tokens.
        max_crops: Most detailed crops of one image.
        frames: Most frames of one video.
        side_least, side_most: Range of the sides of generated images, pixels.
        points, names: Most pointing and naming branches of an image.
        vision, connector, language, grounding: How each param group learns.
        final: Share of the learning rates that the cosine ends at.
        beta1, beta2, epsilon, weight_decay: Parameters of AdamW.
        z_loss: Weight of the z-loss of words.
        recompute: Whether activations are computed again in the backward pass instead of kept.
        compile: Whether layers are compiled; pads all sequences to one length.
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

    model: str = ""
    fresh: str = "none"
    data: str = "0.5 screens; 0.5 scenes"
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
    vision: ParamGroupConfig = ParamGroupConfig(5e-6)
    connector: ParamGroupConfig = ParamGroupConfig(5e-6)
    language: ParamGroupConfig = ParamGroupConfig(1e-5)
    grounding: ParamGroupConfig = ParamGroupConfig(5e-6)
    final: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.95
    epsilon: float = 1e-6
    weight_decay: float = 0.0
    z_loss: float = Z_LOSS
    recompute: bool = True
    compile: bool = False
    adapters: str = "none"
    rank: int = 32
    alpha: int = 64
    form: AnswerFormat = field(default_factory=released_form)
    rotary: bool = True
    module: str = "none"
    past: int = 4

    kind: ClassVar[str] = "packed"
    may_change: ClassVar[tuple[str, ...]] = (*Recipe.may_change, "recompute", "compile")
    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **Recipe.choices,
        "fresh": ("none", "language", "all"),
        "adapters": ("none", "lora", "qlora"),
        "module": ("none", "attention", "addition", "concatenation"),
    }
    counts: ClassVar[tuple[str, ...]] = (
        *Recipe.counts,
        *("batch", "tokens", "crops", "buffer", "max_crops", "rank", "past"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.rotary and self.fresh == "none":
            raise InputError("rotary=false needs fresh=language or all: trained weights know the rotation.")
