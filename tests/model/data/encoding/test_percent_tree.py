"""Frames as VideoMolmo is taught them: the ids of its chat template, and always four frames before."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.data.encoding.percent_tree import PercentTreeEncoder
from model.data.errors import SkippedRow
from model.data.schema import FramePoint, ImageSample, Query, Target, VideoQuery, VideoSample
from molmo_act.models.molmo_point.frame_sampling import SampledVideo
from tests.support.tiny_molmo1 import VIDEO, molmo1_inputs, molmo1_processor

RNG = np.random.default_rng(0)
FRAMES = RNG.integers(0, 256, (3, 60, 90, 3), np.uint8)
SHOWN = {"type": "image", "image": FRAMES[2]}
MUG = Query("the red mug", "red mug", (Target((45.0, 30.0), (45.0, 30.0, 45.0, 30.0)),), "noun")
CAT = Query("the cat", "cat", (), "absent")


@pytest.fixture(scope="module")
def encode():
    return PercentTreeEncoder(molmo1_processor(VIDEO))


def image(*before, queries=(MUG, CAT)):
    return ImageSample(FRAMES[2], tuple(queries), (), before=before)


def test_ids_are_those_of_the_chat_template(encode):
    tree = encode(image(), RNG)
    expected = {
        "Point to the red mug": '<point x="50.0" y="50.0" alt="red mug">red mug</point>',
        "Point to the cat": "There are none.",
    }
    processor = molmo1_processor(VIDEO)
    for branch in tree.branches:
        ids = [*tree.prefix, *branch.ids]
        text = processor.tokenizer.decode(branch.ids, skip_special_tokens=True)
        question = next(key for key in expected if key in text)
        said = [
            {
                "role": "user",
                "content": [{"type": "image", "image": FRAMES[2]}, {"type": "text", "text": question}],
            },
            {"role": "assistant", "content": expected.pop(question)},
        ]
        whole = processor.apply_chat_template([said], tokenize=True, return_dict=True)
        assert ids == whole["input_ids"][0].tolist()
        asked = molmo1_inputs(VIDEO, said[:1])["input_ids"][0].tolist()
        assert ids[: len(tree.prefix) + int((~branch.is_answer).sum())] == asked
    assert not expected
    assert not tree.is_vision.any()  # unlike in Molmo 2


def test_four_frames_before_are_cut_as_the_processor_cuts_them(encode):
    tree = encode(image(*FRAMES[:2]), RNG)
    black = np.zeros_like(FRAMES[0])
    cut = molmo1_processor(VIDEO).cut_earlier([FRAMES[2]], [[black, black, FRAMES[1], FRAMES[0]]])
    np.testing.assert_array_equal(tree.before, cut["earlier_pixel_values"].numpy())
    assert tree.crops == 5 * len(tree.patches)


def test_a_frame_of_a_video_has_those_before_it(encode):
    seen = tuple(FramePoint(index, 1, (20.0, 30.0 + index)) for index in range(3))
    video = VideoSample(
        SampledVideo(FRAMES, (0.0, 0.5, 1.0), (90, 60)), (VideoQuery("mug", "mug", seen, "tracking"),)
    )
    trees = [encode(video, np.random.default_rng(seed)) for seed in range(6)]
    shown = {tree.patches.tobytes() for tree in trees}
    assert len(shown) > 1
    assert all(len(tree.before) == 4 * len(tree.patches) for tree in trees)


def test_points_and_crops_have_limits():
    encode = PercentTreeEncoder(molmo1_processor(VIDEO), points=1, max_crops=1)
    tree = encode(image(), RNG)
    assert (len(tree.branches), len(tree.patches)) == (1, 2)
    assert torch.from_numpy(tree.patches).dtype == torch.float32


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (image(FRAMES[0][:50]), "another size"),
        (image(queries=()), "nothing to ask"),
    ],
)
def test_what_teaches_nothing_is_skipped(encode, sample, reason):
    with pytest.raises(SkippedRow, match=reason):
        encode(sample, RNG)
