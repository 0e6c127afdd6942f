"""point_in_video and count_in_video refuse what they cannot use; answers are compared in test_videos.py."""

from __future__ import annotations

import math
import re

import pytest

import molmo_act
from molmo_act import InputError
from tests.support.asked_cases import BAD_OPTIONS
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
