"""An image that was read knows its size, and is not cut again."""

from __future__ import annotations

import pytest

from molmo_act.errors import InputError
from molmo_act.pointing.read_image import ReadImage, refuse_cutting_again


def test_its_size_is_that_of_the_original() -> None:
    assert ReadImage({"image_sizes": [(640, 480)]}, 1.0, 2.0).image_size == (640, 480)


def test_crops_are_chosen_when_it_is_read() -> None:
    refuse_cutting_again(None)
    with pytest.raises(InputError, match=r"Give it to encode\(\)"):
        refuse_cutting_again(4)
