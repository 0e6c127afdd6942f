"""Message trees of videos."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.encoding.answer_format import AnswerFormat
from model.data.encoding.message_tree import TurnEncoder
from model.data.encoding.video_tree import VideoTreeEncoder
from model.data.schema import FramePoint, VideoQuery, VideoSample
from molmo_act.errors import InputError
from molmo_act.models.molmo_point.frame_sampling import SampledVideo
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor

FRAMES = np.random.default_rng(0).integers(0, 255, (3, 60, 80, 3), dtype=np.uint8)
SEEN = (FramePoint(2, 7, (20.0, 30.0)), FramePoint(0, 7, (60.0, 30.0)), FramePoint(0, 3, (10.0, 10.0)))


def video(kind: str = "tracking", count: int = 1) -> VideoSample:
    queries = tuple(VideoQuery(f"ball {n}", "ball", SEEN, kind) for n in range(count))
    return VideoSample(SampledVideo(FRAMES, (0.0, 0.5, 1.0), (80, 60)), queries)


def encode(processor: MolmoPointProcessor, sample: VideoSample, most: int = 4):
    return VideoTreeEncoder(processor, AnswerFormat()).encode(sample, np.random.default_rng(0), most)


def answer(processor: MolmoPointProcessor, sample: VideoSample) -> tuple[str, list[int]]:
    """The words of the only answer, and the image token of every point."""
    import torch

    tree = encode(processor, sample)
    (branch,) = tree.branches
    ids = TurnEncoder(processor).prompt_ids(torch.as_tensor(tree.token_pooling))
    written = branch.ids[branch.is_answer]
    text = processor.tokenizer.decode([each for each in written if each < ids.start])
    patches = [each - ids.start for each in written if ids.start <= each < ids.no_more_points]
    return text, patches


def test_tracks_follow_the_frames_and_keep_the_ids_of_objects(processor) -> None:
    text, patches = answer(processor, video("tracking"))
    assert patches == sorted(patches)
    assert text.startswith(
        '<tracks coords="377">ball</tracks>'
    )  # 3 is above 7 on frame 0; 7 again on frame 2


def test_points_are_numbered_as_they_come(processor) -> None:
    text, _ = answer(processor, video("pointing"))
    assert text.startswith('<points coords="123">ball</points>')


def test_what_is_asked_says_what_to_do(processor) -> None:
    for kind, asked in (("tracking", "Track ball 0"), ("pointing", "Point to ball 0")):
        (branch,) = encode(processor, video(kind)).branches
        assert asked in processor.tokenizer.decode(branch.ids[~branch.is_answer])
        assert branch.kind == kind


def test_no_more_branches_than_asked_for(processor) -> None:
    assert len(encode(processor, video(count=5), 2).branches) == 2


@pytest.mark.parametrize("form", [AnswerFormat(coordinates="text"), AnswerFormat(order="shuffled")])
def test_ablated_formats_are_for_images_only(processor, form: AnswerFormat) -> None:
    with pytest.raises(InputError, match="grounding tokens in ascending order"):
        VideoTreeEncoder(processor, form).encode(video(), np.random.default_rng(0), 4)
