"""Drawn clips as batches of trees: the frames of one clip, in order."""

from __future__ import annotations

import numpy as np

from model.data.clips.generate import WANTED_SHARE, Clip, ClipFrame, ClipSettings
from model.data.encoding.message_tree import ImageTreeEncoder, MessageTree
from model.data.scenes.objects import centre_of_largest
from model.data.schema import ImageSample, Query, Target
from model.train.data.tree_batch import TreeBatch, collate
from model.train.models.nano import GEOMETRY
from molmo_act.models.molmo_point import MolmoPointConfig

TRAIN_SEED, HELD_OUT_SEED = 7_000_001, 8_000_001
SEED_STEP = 100_000
"""Clips between the first ones of two seeds of training."""
FPS = 5.0  # frames per second, as often as the tracker runs a model
FRAMES = 6  # of a clip that is trained or evaluated on


def draw_clip(seed: int, frames: int = FRAMES) -> Clip:
    """Draws a clip of small frames, one detailed crop each, with everything that clips have.

    Args:
        seed: Number of the clip.
        frames: Number of its frames.
    """
    return Clip(seed, ClipSettings(size=(GEOMETRY.crop_size,) * 2, seconds=frames / FPS, fps=FPS))


def as_sample(clip: Clip, frame: ClipFrame) -> ImageSample:
    """Makes an image with questions of one frame; objects that are hidden are not among its targets.

    Args:
        clip: The clip, whose questions are asked.
        frame: One of its frames.
    """
    rows, columns = frame.owner.shape
    masks = {n: frame.owner == n for n, share in enumerate(frame.share, start=1) if share >= WANTED_SHARE}
    targets = {n: Target(centre_of_largest(mask), (0, 0, columns, rows), mask) for n, mask in masks.items()}
    queries = [
        Query(text, text.removeprefix("the "), tuple(targets[n] for n in numbers if n in targets), "colour")
        for text, numbers in clip.queries.items()
    ]
    return ImageSample(frame.image, tuple(queries), ())


class ClipStage:
    """Draws clips by their numbers; every question of a clip is asked about each of its frames.

    Args:
        first: Seed of clip 0; the others follow.
        config: Says which ids are grounding words.
        encoder: Makes trees of frames.
    """

    def __init__(self, first: int, config: MolmoPointConfig, encoder: ImageTreeEncoder) -> None:
        self._first, self._config, self._encoder = first, config, encoder

    def draw(self, number: int) -> TreeBatch:
        """Draws clip `number` as a batch, a tree for each frame."""
        return collate(self.trees(number), self._config)

    def trees(self, number: int) -> list[MessageTree]:
        """Draws the frames of clip `number` as trees."""
        clip = draw_clip(self._first + number)
        rng = np.random.default_rng(0)  # all questions are asked; only their order is drawn
        return [self._encoder.encode(as_sample(clip, frame), rng, len(clip.queries), 0) for frame in clip]
