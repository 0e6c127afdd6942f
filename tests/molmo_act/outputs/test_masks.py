"""Masks: frames, label images, JSON, and what does not belong together."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from molmo_act import Masks
from molmo_act.errors import InputError

SQUARE, STRIPE = np.zeros((2, 6, 8), bool)
SQUARE[1:5, 1:5] = True
STRIPE[2] = True


def one_frame(seconds: float = 0.0, *pixels: np.ndarray, **more: object) -> Masks:
    numbers = [3, 7][: len(pixels)]
    shown = np.array(pixels).reshape(-1, 6, 8).astype(bool)
    return Masks.of_arrays(
        shown, object_id=numbers, query=["mug", None][: len(pixels)], seconds=seconds, **more
    )


VIDEO = Masks.join(
    [one_frame(0.0, SQUARE, STRIPE, score=[0.5, 0.25]), one_frame(0.5, sampled=False), one_frame(1.0, STRIPE)]
)


def test_frames_are_joined_and_taken_apart():
    assert VIDEO.timestamp.tolist() == [0, 0.5, 1]
    assert VIDEO.sampled.tolist() == [True, False, True]
    assert [(mask.frame_index, mask.object_id, mask.query) for mask in VIDEO] == [
        (0, 3, "mug"),
        (0, 7, None),
        (2, 3, "mug"),
    ]
    last = VIDEO.on(2)
    assert (last.frames, len(last), last.timestamp.tolist()) == (1, 1, [1.0])
    assert (last[0].to_array() == STRIPE).all()
    assert len(VIDEO.on(1)) == 0


def test_masks_without_a_pixel_are_left_out():
    masks = one_frame(0.0, np.zeros((6, 8), bool), STRIPE)
    assert masks.object_id.tolist() == [7]


def test_of_masks_that_overlap_the_smaller_is_on_top():
    labels = VIDEO.label_image(0)
    assert labels.dtype == np.uint16
    assert set(labels[2]) == {7}
    assert labels[1, 1] == 3
    assert labels[0, 0] == 0


def test_json_comes_back_exactly():
    again = Masks.from_dict(json.loads(VIDEO.to_json()))
    assert again.to_json() == VIDEO.to_json()
    assert np.isnan(again.score[2])


def test_drawing_changes_only_the_masks():
    frame = np.full((6, 8, 3), 128, np.uint8)
    drawn = np.asarray(VIDEO.draw(frame, 2))
    assert ((drawn != 128).any(axis=2) == STRIPE).all()
    assert (np.asarray(VIDEO.draw(frame, 1)) == 128).all()


@pytest.mark.parametrize("ask", [lambda: VIDEO.on(3), lambda: VIDEO.on(-1), lambda: VIDEO.label_image(9)])
def test_a_frame_that_is_not_there(ask):
    with pytest.raises(InputError, match="frame is"):
        ask()


def test_an_image_of_another_size():
    with pytest.raises(InputError, match="8×6"):
        VIDEO.draw(np.zeros((8, 6, 3), np.uint8))


def test_masks_of_two_sizes_are_not_joined():
    other = Masks.of_arrays(np.ones((1, 3, 3), bool), object_id=[1], query=["mug"])
    for parts in ([VIDEO, other], []):
        with pytest.raises(InputError, match="all of one size"):
            Masks.join(parts)


def test_numbers_that_do_not_fit_into_a_label_image():
    with pytest.raises(InputError, match="70000 does not fit"):
        Masks.of_arrays(SQUARE[None], object_id=[70000], query=["mug"]).label_image()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"counts": ["1"] * 3}, "run lengths"),
        ({"counts": VIDEO.counts[:2]}, "counts has 2 entries"),
        ({"image_size": (6, 8), "counts": ["41"] * 3}, "6×8"),
        ({"object_id": [0, 1, 2]}, "numbers of objects"),
        ({"frame_index": [0, 0, 3]}, "frame 3 of 3"),
        ({"frame_index": [0, 0, -1]}, "numbers of frames"),
        ({"score": [0.5, 2, 0.5]}, "probabilities"),
        ({"query": ["mug"] * 2}, "query has 2"),
        ({"sampled": [True]}, "sampled has shape"),
        ({"truncated": "no"}, "truncated"),
        ({"object_id": [5, 5, 5]}, "Object 5 has 2 masks on frame 0; expected one"),
    ],
)
def test_what_does_not_belong_together(changes, says):
    with pytest.raises(InputError, match=says):
        dataclasses.replace(VIDEO, **changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"masks": SQUARE}, r"masks is .*; expected an array of bool \(N, H, W\)"),
        ({"masks": np.uint8([SQUARE, STRIPE]) * 255}, r"expected an array of bool"),
        ({"masks": [[[True]]]}, r"expected an array of bool"),
        ({"object_id": [1]}, "object_id has shape"),
        ({"object_id": [1, 2, 3]}, "object_id has shape"),
        ({"object_id": ["a", "b"]}, "object_id cannot be used"),
        ({"object_id": [4, 4]}, "Object 4 has 2 masks on frame 0"),
        ({"query": ["mug"]}, "query has 1 entries"),
        ({"query": "ab"}, "query is 'ab'"),
        ({"score": [0.5]}, "score has shape"),
        ({"masks": np.zeros((2, 6, 8), bool), "score": [0.5]}, "score has shape"),  # also of what is left out
    ],
)
def test_arrays_that_are_no_masks_of_objects(changes, says):
    given = {"masks": np.stack([SQUARE, STRIPE]), "object_id": [1, 2], "query": ["mug", None]} | changes
    with pytest.raises(InputError, match=says):
        Masks.of_arrays(given.pop("masks"), **given)


def test_an_object_is_on_one_frame_once_however_masks_are_made():
    for make in (
        lambda: Masks.from_dict({**VIDEO.to_dict(), "masks": [VIDEO.to_dict()["masks"][0]] * 2}),
        lambda: VIDEO[[0, 0]],
    ):
        with pytest.raises(InputError, match="Object 3 has 2 masks on frame 0"):
            make()
    assert len(Masks.join([VIDEO, VIDEO])) == 2 * len(VIDEO)  # frames are counted on
