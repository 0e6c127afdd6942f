"""Small shapes are found wherever they are, in bounded number, and letters of words are left out."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.reading.icons.shapes import MOST, find_shapes
from tests.support.icon_screen import box_at, draw_icons
from tests.support.written_screen import read_line, read_text


def holds(boxes, wanted, slack=3):
    """Whether a box is about the wanted one: inside it, and at most some pixels smaller."""
    return any(
        all(abs(side - other) <= slack for side, other in zip(box, wanted, strict=True))
        for box in boxes.tolist()
    )


@pytest.mark.parametrize("name", ["search", "close", "menu", "plus", "arrow-left"])
@pytest.mark.parametrize("colours", [((255, 255, 255), (90, 90, 90)), ((30, 33, 40), (220, 220, 220))])
def test_a_shape_is_found_whole(name, colours):
    paper, ink = colours
    image = draw_icons((200, 120), {(90, 40): name}, paper=paper, ink=ink)
    assert holds(find_shapes(image), box_at((90, 40)))


def test_a_shape_in_a_button_is_found_by_itself():
    image = draw_icons((200, 120), {}, paper=(255, 255, 255))
    image[30:70, 80:120] = 40, 90, 200
    inside = draw_icons((40, 40), {(10, 10): "plus"}, paper=(40, 90, 200), ink=(255, 255, 255))
    image[30:70, 80:120] = inside
    boxes = find_shapes(image)
    assert holds(boxes, (90, 40, 110, 60))
    assert holds(boxes, (80, 30, 120, 70))


def test_letters_of_words_are_left_out_but_not_an_icon_read_as_one():
    image = draw_icons((300, 100), {(40, 40): "close", (150, 40): "close"})
    word = read_text(read_line("abcdefghijklmn", 120, 40, high=20), size=(300, 100))
    boxes = find_shapes(image, word)
    assert holds(boxes, box_at((40, 40)))
    assert not holds(boxes, box_at((150, 40)))
    sign = read_text(read_line("X", 150, 40, high=20), size=(300, 100))
    assert holds(find_shapes(image, sign), box_at((150, 40)))
    first = read_text(read_line("Xabcdefgh", 150, 40, high=20), size=(300, 100))
    assert holds(find_shapes(image, first), box_at((150, 40)))


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (7, 7), (64, 64)])
def test_an_empty_image_has_no_shapes(size):
    assert find_shapes(np.full((*size, 3), 200, np.uint8)).shape == (0, 4)


def test_noise_gives_a_bounded_number():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (600, 800, 3), np.uint8)
    sparse = np.full((1200, 1600, 3), 255, np.uint8)
    for x, y in rng.integers(0, 1190, (4000, 2)):
        sparse[y : y + 8, x : x + 8] = 0
    for image in (noise, sparse):
        boxes = find_shapes(image)
        assert len(boxes) <= MOST
        assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_a_huge_screen_is_looked_at_in_a_smaller_size():
    image = np.full((4320, 7680, 3), 250, np.uint8)
    large = draw_icons((200, 200), {(60, 60): "search"}, side=60, paper=(250, 250, 250))
    image[4000:4200, 7000:7200] = large
    assert holds(find_shapes(image), (7060, 4060, 7120, 4120), slack=6)


def test_shapes_at_the_edge_stay_in_the_image():
    image = draw_icons((60, 60), {(0, 0): "close", (40, 40): "plus"})
    boxes = find_shapes(image)
    assert (boxes >= 0).all()
    assert (boxes <= 60).all()
