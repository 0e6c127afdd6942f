"""What a question may be about, and how it may be asked."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import molmo_act
from molmo_act import ImageError, InputError, QueryError
from molmo_act.io.video_writer import video_writer
from molmo_act.pointing.answer_request import answer_request
from tests.support.families import family
from tests.support.synthetic import synthetic_image

IMAGE = synthetic_image(1, 60, 90)


def test_what_moves_is_a_video_and_a_list_is_images(tmp_path):
    runtime = family("molmo2").runtime
    with video_writer(tmp_path / "a.mp4") as writer:
        for index in range(3):
            writer.write(IMAGE, index / 10)
    (tmp_path / "frames").mkdir()
    for video in (tmp_path / "a.mp4", tmp_path / "frames", np.stack([IMAGE] * 2), iter([IMAGE])):
        request = answer_request(runtime, video)
        assert request.video is video
        assert not request.images
    Image.fromarray(IMAGE).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    for image, count in ((IMAGE, 1), ([IMAGE, IMAGE], 2), (None, 0), (io.BytesIO(content), 1)):
        request = answer_request(runtime, image)
        assert request.video is None
        assert len(request.images) == count


@pytest.mark.parametrize(
    ("name", "image", "error", "says"),
    [
        ("videomolmo", IMAGE, InputError, "is a VideoMolmo, which reads a frame with those before it"),
        ("tiny", np.stack([IMAGE] * 2), InputError, "reads one image in a prompt"),
        ("molmo2", [], InputError, "an empty list of images"),
        ("molmo2", 5.5, ImageError, "float"),
        ("molmo2", "missing.png", ImageError, "does not exist"),
    ],
)
def test_what_a_model_cannot_be_shown_is_one_error(name, image, error, says):
    with pytest.raises(error, match=says):
        family(name).answer(image, "What is there?")


def test_molmo_1_refuses_several_images():
    with pytest.raises(InputError, match="Molmo 1 reads one in a prompt"):
        family("tiny").answer([IMAGE, IMAGE], "What is there?")


def test_nano_says_that_it_was_not_taught_to_answer():
    nano = molmo_act.load("nano", device="cpu")
    for ask in (lambda: nano.answer(IMAGE, "What is there?"), nano.chat):
        with pytest.raises(
            InputError, match=r"^nano was taught to point, not to answer questions\. Use point\(\)"
        ):
            ask()


@pytest.mark.parametrize(
    "options",
    [
        *(
            {"max_new_tokens": 0},
            {"max_new_tokens": 1.5},
            {"stream": "yes"},
            {"max_crops": 0},
            {"timeout": -1},
        ),
        *(
            {"style": ""},
            {"style": "<|im_end|>"},
            {"order": "none"},
            {"fps": 0},
            {"max_frames": 0},
            {"end": -1},
        ),
    ],
    ids=str,
)
def test_options_are_checked(options):
    with pytest.raises((InputError, QueryError)):
        family("molmo2").answer(IMAGE, "What is there?", **options)


def test_a_question_may_be_longer_than_a_query():
    runtime = family("molmo2").runtime
    with pytest.raises(QueryError, match="expected at most 2000"):
        runtime.check_query("a " * 1500)
    with pytest.raises(InputError, match=r"tokens, but .* reads"):
        family("molmo2").answer(None, "a " * 1500)
    with pytest.raises(QueryError, match="question has 30000 characters; expected at most 20000"):
        family("molmo2").answer(None, "a " * 15000)
