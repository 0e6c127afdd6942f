"""Answers: what they say, count, draw and become in JSON."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from molmo_act import Answer, InputError, Points

SIZE = [(40, 30)]


def points(label: str, *xy: tuple[float, float], **fields) -> Points:
    return Points(
        xy=xy, score=[0.5] * len(xy), query=label, image_size=fields.pop("image_size", SIZE), **fields
    )


MUGS = points("mugs", (4.5, 2.5), (20, 10))
PLATE = points("plate", (30, 20))


def test_the_stated_number_goes_before_that_of_the_points():
    assert Answer("", points={"mugs": MUGS}, image_size=SIZE, stated=3, truncated=True).count == 3
    count = Answer("", points={"mugs": MUGS, "plate": PLATE}, image_size=SIZE, truncated=True).count
    assert (count, count.truncated) == (3, True)
    assert Answer("There are none.", stated=0).count == 0
    assert Answer("A mug.").count is None


def test_an_object_on_several_frames_counts_once():
    twice = points(
        "cat", (1, 1), (2, 2), object_id=[1, 1], timestamp=[0.0, 0.5], image_index=[0, 1], image_size=SIZE * 2
    )
    assert Answer("", points={"cat": twice}, image_size=SIZE * 2).count == 1


def test_json_gives_the_answer_back():
    answer = Answer(
        "Two mugs.", "How many?", {"mugs": MUGS, "plate": PLATE}, SIZE, "raw", 2, timing_ms={"decode": 1.5}
    )
    line = answer.to_json()
    assert "\n" not in line
    again = Answer.from_dict(json.loads(line))
    assert again.to_dict() == answer.to_dict()
    assert list(again.points) == ["mugs", "plate"]
    assert pickle.loads(pickle.dumps(answer)).to_dict() == answer.to_dict()
    assert str(answer) == "Two mugs."


def test_drawing_marks_the_points_of_all_labels_of_one_image():
    image = np.full((30, 40, 3), 255, np.uint8)
    drawn = np.asarray(Answer("", points={"mugs": MUGS, "plate": PLATE}, image_size=SIZE).draw(image))
    assert drawn.shape == image.shape
    for x, y in [(4, 2), (20, 10), (30, 20)]:
        assert (drawn[y, x] != 255).any()


def test_captions_say_which_number_is_of_which_label():
    answer = Answer("words", points={"mugs": MUGS, "plate": PLATE}, image_size=SIZE)
    assert answer._caption(answer.points) == "1–2 mugs, 3 plate"
    assert Answer("one\nline", points={"mugs": MUGS}, image_size=SIZE)._caption({"mugs": MUGS}) == "one line"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"text": 5}, "Answer.text"),
        ({"text": "", "points": [MUGS]}, "Answer.points"),
        ({"text": "", "points": {"mugs": MUGS}}, "are of images of"),
        ({"text": "", "stated": -1}, "Answer.stated"),
        ({"text": "", "truncated": "yes"}, "Answer.truncated"),
    ],
)
def test_what_does_not_belong_together_is_refused(fields, says):
    with pytest.raises(InputError, match=says):
        Answer(**fields)


def test_nothing_to_draw_on():
    with pytest.raises(InputError, match="about text alone"):
        Answer("words").draw(np.zeros((3, 3, 3), np.uint8))
    with pytest.raises(InputError, match="40×30"):
        Answer("words", image_size=SIZE).draw(np.zeros((3, 3, 3), np.uint8))
    with pytest.raises(InputError, match="image_index"):
        Answer("words", image_size=SIZE).draw(np.zeros((30, 40, 3), np.uint8), 1)
