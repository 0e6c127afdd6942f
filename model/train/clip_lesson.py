"""Drawn clips as batches of trees, the frames of one clip in their order; knows no weights."""

from __future__ import annotations

import numpy as np

from model.data.clips import WANTED_SHARE, Clip, ClipFrame, ClipSettings
from model.data.encode import Tree, TreeEncoder
from model.data.mask_points import centre_of_largest
from model.data.sample import Picture, Query, Target
from model.train.batch import TreeBatch, collate
from model.train.nano_config import GEOMETRY
from molmo_act.modeling import MolmoPointConfig

TRAIN_SEED, HELD_OUT_SEED = 7_000_001, 8_000_001
SEED_STEP = 100_000
"""Clips between the first ones of two seeds of training."""
FPS = 5.0  # frames a second, as often as the tracker has a model look
FRAMES = 6  # of a clip that is learned from or looked at


def draw_clip(seed: int, frames: int = FRAMES) -> Clip:
    """Small frames, one detailed crop each, with everything that clips have: pillars, light, leaving."""
    return Clip(seed, ClipSettings(size=(GEOMETRY.crop_size,) * 2, seconds=frames / FPS, fps=FPS))


def as_picture(clip: Clip, frame: ClipFrame) -> Picture:
    """A frame with the questions of its clip; what is not to be seen is not pointed at."""
    rows, columns = frame.owner.shape
    masks = {n: frame.owner == n for n, share in enumerate(frame.share, start=1) if share >= WANTED_SHARE}
    targets = {n: Target(centre_of_largest(mask), (0, 0, columns, rows), mask) for n, mask in masks.items()}
    queries = [
        Query(text, text.removeprefix("the "), tuple(targets[n] for n in numbers if n in targets), "colour")
        for text, numbers in clip.queries.items()
    ]
    return Picture(frame.image, tuple(queries), ())


class ClipLesson:
    """Clips by their numbers; every question of a clip is asked about each of its frames.

    Args:
        first: Seed of clip 0; those of the others follow.
        config: Says which ids are grounding words.
        encoder: Makes trees of frames.
    """

    def __init__(self, first: int, config: MolmoPointConfig, encoder: TreeEncoder) -> None:
        self._first, self._config, self._encoder = first, config, encoder

    def draw(self, number: int) -> TreeBatch:
        """Clip `number`, a tree for each frame."""
        return collate(self.trees(number), self._config)

    def trees(self, number: int) -> list[Tree]:
        """The frames of clip `number`."""
        clip = draw_clip(self._first + number)
        rng = np.random.default_rng(0)  # all questions are asked; only their order is drawn
        return [self._encoder.encode(as_picture(clip, frame), rng, len(clip.queries), 0) for frame in clip]
