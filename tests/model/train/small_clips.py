"""Clips of two things and two frames, for tests of what learns from clips."""

from __future__ import annotations

import pytest

from model.data.clips.generate import Clip, ClipSettings


def draw_small(seed: int, frames: int = 2) -> Clip:
    """As `draw_clip`, and quicker to learn from."""
    return Clip(seed, ClipSettings(size=(224, 224), seconds=2 / 5, fps=5, objects=2))


def shrink_clips(patch: pytest.MonkeyPatch) -> None:
    """Makes clips and what a run measures of the machine small."""
    for module in ("train.data.clips", "experiments.temporal"):
        patch.setattr(f"model.{module}.draw_clip", draw_small)
    patch.setattr("model.train.throughput.SIDE", 64)
