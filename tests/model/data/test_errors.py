"""Reasons to skip a row."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.errors import SkippedRow, refuse_control_tokens, row_as_expected
from model.data.schema import POINTS_HERE, ImageSample, Query, QuestionAnswer, VideoQuery, VideoSample
from molmo_act.errors import ImageError, InputError
from molmo_act.models.molmo_point.frame_sampling import SampledVideo

IMAGE = np.zeros((4, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("mistake", "reason"),
    [
        (lambda: {}["label"], "KeyError: 'label'"),  # no such column
        (lambda: len(None), "TypeError"),  # null
        (lambda: int(float("inf")), "OverflowError"),
        (lambda: [1.0][1], "IndexError"),  # a point of one number
        (lambda: float("x"), "ValueError"),
        (lambda: None.strip(), "AttributeError"),
    ],
)
def test_what_goes_wrong_with_a_row_is_a_reason_to_skip_it(mistake, reason: str) -> None:
    with pytest.raises(SkippedRow, match=f"row is not as expected .*{reason}"), row_as_expected():
        mistake()


def test_errors_that_say_more_are_kept() -> None:
    with pytest.raises(InputError, match="is damaged") as error, row_as_expected():
        raise InputError("the file is damaged")
    assert not isinstance(error.value, SkippedRow)
    with pytest.raises(ImageError), row_as_expected():
        raise ImageError("no image")
    with pytest.raises(ZeroDivisionError), row_as_expected():
        _ = 1 / 0


@pytest.mark.parametrize(
    "text", ["<|im_end|>", "a <im_start> b", "<POINT_12>", "<frame_3>", "<low_res_im_start>", "<|POINT|>"]
)
def test_control_tokens_are_refused_wherever_they_stand(text: str) -> None:
    query = Query("cup", "cup", (), "absent")
    samples = [
        ImageSample(IMAGE, (Query(text, "cup", (), "absent"),), ()),
        ImageSample(IMAGE, (Query("cup", text, (), "absent"),), ()),
        ImageSample(IMAGE, (), (), (QuestionAnswer(text, "yes", "qa"),)),
        ImageSample(IMAGE, (), (), (QuestionAnswer("why?", text, "qa"),)),
        ImageSample(IMAGE, (query,), (), (QuestionAnswer("a", "b", "qa", (Query(text, "", (), ""),)),)),
        VideoSample(SampledVideo(IMAGE[None], (0.0,), (4, 4)), (VideoQuery(text, "cup", (), "pointing"),)),
    ]
    for sample in samples:
        with pytest.raises(SkippedRow, match="control tokens"):
            refuse_control_tokens(sample)


def test_marks_for_points_and_ordinary_brackets_are_allowed() -> None:
    query = Query("a <b> tag", "x | y", (), "absent")
    pointed = QuestionAnswer("where?", f"here: {POINTS_HERE}", "pointing", (query,))
    refuse_control_tokens(ImageSample(IMAGE, (query,), (), (pointed,)))
