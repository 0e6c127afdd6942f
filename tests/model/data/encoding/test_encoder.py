"""One encoder for images and videos."""

from __future__ import annotations

import numpy as np

from model.data.encoding.answer_format import AnswerFormat
from model.data.encoding.encoder import SampleEncoder
from model.data.encoding.message_tree import ImageTreeEncoder
from model.data.encoding.video_tree import VideoTreeEncoder
from model.data.scenes.generate import draw_scene
from model.data.schema import VideoQuery, VideoSample
from molmo_act.models.molmo_point.frame_sampling import SampledVideo


def test_every_kind_of_sample_goes_to_its_encoder_with_its_limits(processor) -> None:
    encoder = SampleEncoder(
        ImageTreeEncoder(processor), VideoTreeEncoder(processor, AnswerFormat()), points=2, names=1
    )
    image = draw_scene(np.random.default_rng(0), 200, 200, None)
    kinds = [branch.kind for branch in encoder(image, np.random.default_rng(0)).branches]
    assert kinds == ["pointing", "pointing", "naming"]
    frames = SampledVideo(np.zeros((2, 60, 80, 3), np.uint8), (0.0, 0.5), (80, 60))
    queries = tuple(VideoQuery(f"ball {n}", "ball", (), "tracking") for n in range(4))
    tree = encoder(VideoSample(frames, queries), np.random.default_rng(0))
    assert [branch.kind for branch in tree.branches] == ["tracking", "tracking"]
