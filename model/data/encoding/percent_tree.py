"""Encodes a frame and what is asked about it as VideoMolmo and Molmo 1 read it: points are text, per cent.

The frame's tokens come first, as in `model.data.encoding.message_tree`, but see only what came before them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.data.encoding.message_tree import Branch, MessageTree
from model.data.encoding.video_frame import frame_sample
from model.data.errors import SkippedRow
from model.data.schema import ImageSample, Query, VideoSample
from molmo_act.formats.percent_text import write_percent_points
from molmo_act.formats.vision_tokens import IMAGE_PLACEHOLDER
from molmo_act.models.molmo.padded_crops import PaddedImage, pad_image
from molmo_act.models.molmo.processing_molmo import MolmoProcessor
from molmo_act.models.molmo.temporal import FRAMES_BEFORE, frames_before


class PercentTreeEncoder:
    """Encodes frames, each with the four before it: black ones where there are fewer.

    Args:
        processor: Cuts frames and spells prompts.
        points: Most questions of a tree.
        max_crops: Overrides the processor's setting.
    """

    def __init__(self, processor: MolmoProcessor, *, points: int = 64, max_crops: int | None = None) -> None:
        geometry = processor.image_processor.geometry
        self._geometry = geometry if max_crops is None else replace(geometry, max_crops=max_crops)
        self._processor, self._points = processor, points

    def __call__(self, sample: ImageSample | VideoSample, rng: np.random.Generator) -> MessageTree:
        """Encodes a frame of a video, or an image, as a tree with a branch for each question.

        Args:
            sample: A video, of which one frame is chosen; or an image, with the frames before it if it has
                some.
            rng: Source of the choice of the frame, and of the choice and order of branches.

        Returns:
            The message tree; its patches are normalised float32.

        Raises:
            SkippedRow: Nothing is asked of the frame, or the frames before it are of another size.
        """
        if isinstance(sample, VideoSample):
            sample = frame_sample(sample, rng, FRAMES_BEFORE)
        if any(frame.shape != sample.image.shape for frame in sample.before):
            raise SkippedRow("frames before are of another size")
        if not sample.queries:
            raise SkippedRow("nothing to ask")
        image = self._cut(sample.image)
        earlier = [self._cut(frame).patches for frame in frames_before(sample.before, sample.image)]
        prefix = np.array(self._processor.encode_prompt(IMAGE_PLACEHOLDER, [image]))
        asked = rng.permutation(len(sample.queries))[: self._points]
        return MessageTree(
            patches=image.patches.numpy(),
            token_pooling=image.token_pooling.numpy(),
            prefix=prefix,
            is_vision=np.zeros(len(prefix), bool),
            branches=tuple(self._branch(sample.queries[index], image.image_size) for index in asked),
            before=np.concatenate([patches.numpy() for patches in earlier]),
        )

    def _cut(self, frame: np.ndarray) -> PaddedImage:
        settings = self._processor.image_processor
        return pad_image(frame, self._geometry, settings.image_mean, settings.image_std)

    def _branch(self, query: Query, image_size: tuple[int, int]) -> Branch:
        answer = write_percent_points([target.point for target in query.targets], query.label, image_size)
        asked = self._processor.encode_question([self._processor.prompts.ask(query.text)])
        ids = [*self._processor.encode_text([f" {answer}"]), self._processor.tokenizer.eos_token_id]
        return Branch(np.array(asked + ids), np.arange(len(asked) + len(ids)) >= len(asked))
