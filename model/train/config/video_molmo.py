"""The recipe of VideoMolmo (arXiv 2506.05336)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from model.train.config.mixture import MixtureRecipe, ParamGroupConfig

EXAMPLES, EPOCHS, BATCH = 72_000, 4, 256
"""Pairs of a video and an expression in its data, how often each is shown, and how many make a step."""


@dataclass(frozen=True)
class VideoMolmoRecipe(MixtureRecipe):
    """A checkpoint of Molmo 1 becomes a VideoMolmo, or a VideoMolmo is trained further, with all its parts.

    The defaults are the paper's numbers. A sequence holds one example: it has room for a frame of the most
    crops with the four frames before it.

    Attributes:
        model: See `MixtureRecipe`; the released program starts from this one.
    """

    model: str = "allenai/Molmo-7B-D-0924"
    data: str = "1.0 molmo2-video-tracks"
    steps: int = EPOCHS * EXAMPLES // BATCH
    precision: str = "float32"
    batch: int = BATCH
    tokens: int = 2560
    crops: int = 65
    buffer: int = 1
    max_crops: int = 12
    points: int = 1
    vision: ParamGroupConfig = field(default_factory=lambda: ParamGroupConfig(5e-6, warmup=10))
    connector: ParamGroupConfig = field(default_factory=lambda: ParamGroupConfig(5e-6, warmup=10))
    language: ParamGroupConfig = field(default_factory=lambda: ParamGroupConfig(1e-5, warmup=10))
    final: float = 0.0
    clip: float = 1.0
    z_loss: float = 0.0

    kind: ClassVar[str] = "videomolmo"
