"""Images together, apart, and read already."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.pointing.given_images import point_apart, point_together
from molmo_act.request import Bounds
from tests.support.families import family

IMAGES = [np.full((40, 60, 3), value, np.uint8) for value in (10, 200)]
BOUNDS = Bounds(max_points=1)


def texts(found):
    return [points.text for points in found]


def test_encoded_images_have_the_answers_of_the_images():
    model = family("molmo_point")
    encoded = [model.encode(image) for image in IMAGES]
    plain = point_apart(model.runtime, IMAGES, ["a", "b"], BOUNDS, None, None)
    assert texts(point_apart(model.runtime, encoded, ["a", "b"], BOUNDS, None, None)) == texts(plain)
    mixed = [encoded[0], IMAGES[1]]
    assert texts(point_apart(model.runtime, mixed, ["a", "b"], BOUNDS, None, None)) == texts(plain)


def test_one_prompt_shows_all_images():
    [points] = point_together(family("molmo_point").runtime, IMAGES, ["a"], BOUNDS, None, None)
    assert points.image_size == ((60, 40), (60, 40))


@pytest.mark.parametrize("images", [IMAGES[0], [], None])
def test_together_takes_a_list_of_images(images):
    with pytest.raises(InputError, match="without a list of images"):
        point_together(family("molmo_point").runtime, images, ["a"], BOUNDS, None, None)


def test_encoded_images_are_not_cut_again_nor_shown_together():
    model = family("molmo_point")
    encoded = model.encode(IMAGES[0])
    with pytest.raises(InputError, match="max_crops"):
        point_apart(model.runtime, [encoded], ["a"], BOUNDS, 2, None)
    with pytest.raises(InputError, match="encoded image was given with together"):
        point_together(model.runtime, [encoded], ["a"], BOUNDS, None, None)
