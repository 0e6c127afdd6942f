"""Lines are cut out, read in batches of one width, and split into words at their places."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.reading.detection import TextBox
from molmo_act.reading.recognition import Characters, batches, crops_of, read_batch, to_line

BOX = TextBox(np.array([(100, 50), (200, 50), (200, 70), (100, 70)], np.float32), False)
ALPHABET = ("", "a", "b", " ")


def network(columns):
    def run(pixels):
        found = np.zeros((len(pixels), len(columns), 4), np.float32)
        for number, character in enumerate(columns):
            found[:, number, character] = 0.9
        return found

    return run


def test_repetitions_and_separators_are_dropped():
    [read] = read_batch(network([1, 1, 0, 1, 2, 0, 3, 2]), ALPHABET, [np.zeros((48, 64, 3), np.uint8)])
    assert read.text == "aab b"
    assert read.place == (0.0625, 0.4375, 0.5625, 0.8125, 0.9375)
    assert set(read.confidence) == {np.float32(0.9)}


def test_padding_is_not_part_of_the_line():
    crops = [np.zeros((48, 64, 3), np.uint8), np.zeros((48, 128, 3), np.uint8)]
    short, long = read_batch(network([1, 0, 0, 0]), ALPHABET, crops)
    assert (short.place, long.place) == ((0.25,), (0.125,))


def test_words_lie_at_their_places():
    line = to_line(Characters("ab cd", (0.9,) * 5, (0.1, 0.3, 0.5, 0.7, 0.9)), BOX, False)
    assert [word.text for word in line.words] == ["ab", "cd"]
    left, right = (word.box for word in line.words)
    assert left == pytest.approx((100, 50, 140, 70))
    assert right == pytest.approx((160, 50, 200, 70))


def test_a_turned_line_is_read_downwards():
    tall = TextBox(np.array([(0, 0), (20, 0), (20, 100), (0, 100)], np.float32), False)
    line = to_line(Characters("a b", (0.9,) * 3, (0.1, 0.5, 0.9)), tall, True)
    assert line.words[0].box[1] < line.words[1].box[1]


def test_only_spaces_are_no_line():
    assert to_line(Characters("  ", (0.9, 0.9), (0.2, 0.6)), BOX, False) is None


def test_crops():
    image = np.arange(300 * 300 * 3, dtype=np.uint32).astype(np.uint8).reshape(300, 300, 3)
    [(cut, turned)] = crops_of(image, BOX)
    assert (cut.shape, turned) == ((20, 100, 3), False)
    assert (cut == image[50:70, 100:200]).all()
    outside = TextBox(np.array([(290, 290), (400, 290), (400, 300), (290, 300)], np.float32), False)
    assert crops_of(image, outside)[0][0].shape == (10, 10, 3)


@pytest.mark.parametrize(("high", "turned"), [(20, [False]), (40, [False, True]), (100, [True])])
def test_high_boxes_are_turned(high, turned):
    tall = TextBox(np.array([(0, 0), (20, 0), (20, high), (0, high)], np.float32), False)
    found = crops_of(np.zeros((300, 300, 3), np.uint8), tall)
    assert [way for _, way in found] == turned
    assert all(cut.shape == ((20, high, 3) if way else (high, 20, 3)) for cut, way in found)


def test_batches_hold_lines_of_about_one_width():
    crops = [np.zeros((20, wide, 3), np.uint8) for wide in (30, 500, 32, 31, 510, 5000, 1)]
    groups = list(batches(crops))
    assert sorted(number for group, _ in groups for number in group) == list(range(7))
    assert max(wide for _, wide in groups) == 3200
    assert [sorted(group) for group, _ in groups] == [[6], [0, 2, 3], [1, 4], [5]]
