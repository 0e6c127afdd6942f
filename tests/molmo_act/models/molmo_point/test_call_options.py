"""Options of calling a processor are sorted, and those that nobody reads are refused."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from molmo_act.errors import InputError
from molmo_act.models.molmo_point.call_options import checked_device, checked_group, sort_options
from tests.support.tiny_checkpoint import tiny_processor

TEXT = {"type": "text", "text": "Point to the mug"}
VIDEO = {"type": "video", "video": np.zeros((4, 30, 40, 3), np.uint8)}


def ask(part: dict[str, object] = VIDEO, **options: object) -> object:
    return tiny_processor().apply_chat_template(
        [{"role": "user", "content": [TEXT, part]}], tokenize=True, return_dict=True, **options
    )


@pytest.mark.parametrize(
    ("part", "options", "message"),
    [
        (VIDEO | {"fps": "2"}, {}, "fps is '2'; expected frames per second above 0"),
        (VIDEO | {"fps": 0}, {}, "fps is 0; expected frames per second above 0"),
        (VIDEO, {"video_metadata": {"fps": "2"}}, "fps is '2'"),
        (VIDEO, {"fps": 2}, "fps was given as an option"),
        (VIDEO, {"processor_kwargs": {"fps": 2}}, "fps was given as an option"),
        (VIDEO | {"fps": 2, "width": "640"}, {}, "width is '640'"),
        (VIDEO | {"timestamps": "0123"}, {}, "timestamps is '0123'; expected a list of numbers"),
        (VIDEO | {"timestamps": ["0"] * 4}, {}, "One of timestamps is '0'"),
        (VIDEO | {"fps": 2, "frames_indices": 5}, {}, "frames_indices is 5"),
        (VIDEO | {"video": 5}, {}, "The video is 5; expected an array"),
        (VIDEO, {"processor_kwargs": 5}, "processor_kwargs is 5; expected options by name"),
        (VIDEO, {"processor_kwargs": ["max_crops"]}, "processor_kwargs is ['max_crops']"),
        (VIDEO, {"videos_kwargs": 5}, "videos_kwargs is 5"),
        (VIDEO, {"device": "nowhere"}, "device is 'nowhere'"),
        (VIDEO, {"device": object}, "device is"),
        (VIDEO, {"processor_kwargs": {"max_crop": 2}}, "Unknown option max_crop"),
    ],
)
def test_bad_options(part, options, message):
    with pytest.raises(InputError, match="^" + re.escape(message)):
        ask(part, **options)


def test_good_options():
    given = {"max_crops": 2, "num_frames": 4, "start": 0.5}
    assert sort_options(given) == ({"max_crops": 2}, {"num_frames": 4, "start": 0.5})
    assert checked_group("images_kwargs", None) == {}
    assert checked_group("images_kwargs", given) == given
    assert checked_device(None) is None
    assert checked_device("cpu") == checked_device(torch.device("cpu")) == torch.device("cpu")
    assert ask(VIDEO | {"timestamps": np.arange(4)}, processor_kwargs=None)["video_grids"].tolist()[0][0] == 4


def test_a_text_that_is_none():
    with pytest.raises(InputError, match="text is 5; expected one prompt"):
        tiny_processor()(text=5)
