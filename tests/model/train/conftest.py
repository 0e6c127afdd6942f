"""Of tests of training: one thread, and a tokenizer and a model of toy size, which none of them changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from model.data.encoding.answer_format import AnswerFormat
from model.data.encoding.message_tree import ImageTreeEncoder
from model.data.encoding.video_tree import VideoTreeEncoder
from model.data.scenes.generate import draw_scene
from model.data.schema import FramePoint, QuestionAnswer, VideoQuery, VideoSample
from model.train.models.nano import make_processor
from molmo_act.models.molmo_point.frame_sampling import SampledVideo
from tests.model.train.small_run import GEOMETRY, make_tokenizer, rough_model, tiny_config


@pytest.fixture(scope="module")
def one_thread():
    """Sums come out the same for the same number of threads only, and other processes run with one here."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def quick_peak():
    """The machine's peak is measured with small matrices: it takes no time, and is of no use here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.train.throughput.SIDE", 64)
        yield


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer()


@pytest.fixture(scope="module")
def model(tokenizer):
    return rough_model(tiny_config(tokenizer))


@pytest.fixture(scope="module")
def trees(tokenizer):
    """Pictures of different sizes and a film; some branches are answered in words."""
    encoder = ImageTreeEncoder(make_processor(tokenizer, GEOMETRY))
    rng = np.random.default_rng(5)
    found = []
    for width, height in ((200, 200), (400, 150), (150, 350)):
        picture = draw_scene(rng, width, height, None)
        question_answers = (
            QuestionAnswer("What is here?", "red circle", "caption"),
            QuestionAnswer("Is it day?", "yes", "qa"),
        )
        found.append(encoder.encode(replace(picture, question_answers=question_answers), rng, 6, 2))
    frames = rng.integers(0, 255, (3, 60, 80, 3), dtype=np.uint8)
    seen = tuple(FramePoint(frame, 1, (20.0 + 10 * frame, 30.0)) for frame in range(3))
    film = VideoSample(
        SampledVideo(frames, (0.0, 0.5, 1.0), (80, 60)), (VideoQuery("ball", "ball", seen, "tracking"),)
    )
    processor = make_processor(tokenizer, GEOMETRY)
    films = VideoTreeEncoder(processor, AnswerFormat())
    found.append(films.encode(film, rng, 4))
    assert {tree.token_pooling.shape[1] for tree in found} == {4, 9}
    return found
