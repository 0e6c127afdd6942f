"""point_in_video and count_in_video refuse what they cannot use; answers are compared in test_videos.py."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import molmo_act
from molmo_act import InputError
from tests.support.asked_cases import BAD_OPTIONS
from tests.support.families import Speaks, family
from tests.support.tiny_checkpoint import TINY

BAD_VIDEO_OPTIONS = [
    *(options for options in BAD_OPTIONS if "max_crops" not in options),
    {"fps": "30"},
    {"fps": math.inf},
    {"max_frames": 2.0},
    {"start": "0"},
    {"end": "1"},
]


@pytest.fixture(scope="module")
def model() -> molmo_act.PointingModel:
    return molmo_act.load(TINY, device="cpu")


@pytest.mark.parametrize("options", BAD_VIDEO_OPTIONS, ids=str)
@pytest.mark.parametrize("verb", ["point_in_video", "count_in_video"])
def test_wrong_kinds_of_arguments_about_videos(model, verb, options):
    [(name, value)] = options.items()
    with pytest.raises(InputError, match=f"^{name} is {re.escape(repr(value))}; expected "):
        getattr(model, verb)("no such video.mp4", "the boats", **options)


BLANK = np.zeros((100, 200, 3), np.uint8)
TWO = '<points coords="0.0 1 500 250;0.5 2 800 900">mug</points>'
MOVING = '<tracks coords="0.0 1 500 250;0.5 1 510 250;1.0 1 520 250">mug</tracks>'
MARKED = '<points coords="1 1 500 250 2 800 900">mug</points>'


def test_a_molmo_2_is_asked_by_the_verbs_that_every_evaluation_calls():
    """Coordinates in text are what grounding tokens are measured against: images, videos, tracks, masks."""
    model = family("molmo2")
    with Speaks(model, MARKED, f"Counting the {MARKED} shows a total of 2.", "There are none.", TWO, TWO):
        assert model.point(BLANK, "mug").xy.tolist() == [[100, 25], [160, 90]]
        assert model.count(BLANK, "mug") == 2
        assert len(model.point(BLANK, "mug")) == 0
        found = model.point_in_video([BLANK] * 3, "mug", fps=2)
        assert model.count_in_video([BLANK] * 3, "mug", fps=2) == 2
    assert found.timestamp.tolist() == [0, 0.5]
    assert found.xy.tolist() == [[100, 25], [160, 90]]
    assert found.object_id.tolist() == [1, 2]
    with Speaks(model, MOVING):
        tracks = list(model.track([BLANK] * 3, "mug", fps=2, mode="offline"))
    assert [each.xy.tolist() for each in tracks] == [[[100, 25]], [[102, 25]], [[104, 25]]]
    assert [each.object_id.tolist() for each in tracks] == [[1]] * 3
    with Speaks(model, MARKED, MARKED):
        masks = model.segment([BLANK] * 4, "mug", rate=3, propagator=everywhere)
    assert (masks.frames, sorted(set(masks.object_id.tolist()))) == (4, [1, 2])


def everywhere(frames, xy):
    """A pixel at each point, on every frame."""
    masks = np.zeros((len(xy), len(frames), *frames[0].shape[:2]), bool)
    for mask, (x, y) in zip(masks, xy.astype(int), strict=True):
        mask[:, y, x] = True
    return masks
