"""Encodes samples of any kind, images and videos alike, as message trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from model.data.encoding.message_tree import ImageTreeEncoder, MessageTree
from model.data.encoding.video_frame import frame_sample
from model.data.encoding.video_tree import VideoTreeEncoder
from model.data.schema import ImageSample, VideoSample


class TreeEncoder(Protocol):
    """Encodes samples for one family of models."""

    def __call__(self, sample: ImageSample | VideoSample, rng: np.random.Generator) -> MessageTree:
        """Encodes a sample; see `SampleEncoder`."""


@dataclass(frozen=True)
class SampleEncoder:
    """The encoders of one model.

    Attributes:
        images: Encodes images.
        videos: Encodes videos.
        points: Most pointing branches of a tree.
        names: Most naming branches of an image.
    """

    images: ImageTreeEncoder
    videos: VideoTreeEncoder
    points: int = 64
    names: int = 0

    def __call__(self, sample: ImageSample | VideoSample, rng: np.random.Generator) -> MessageTree:
        """Encodes a sample.

        Args:
            sample: An image or a video.
            rng: Source of the choice and order of branches.

        Returns:
            The message tree.

        Raises:
            InputError: The sample cannot be written in the answer format of this encoder.
            SkippedRow: It cannot be shown to a model with a temporal module, see `frame_sample`.
        """
        if isinstance(sample, VideoSample) and self.images.past:
            sample = frame_sample(sample, rng, self.images.past)
        if isinstance(sample, VideoSample):
            return self.videos.encode(sample, rng, self.points)
        return self.images.encode(sample, rng, self.points, self.names)
