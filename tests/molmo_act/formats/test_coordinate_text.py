"""Coordinates in text become pixels and text again; what is no point is skipped."""

from __future__ import annotations

import logging
import time

import numpy as np
import pytest

from molmo_act.formats.coordinate_text import (
    extract_coordinate_points,
    extract_coordinate_video_points,
    write_coordinate_points,
    write_coordinate_tracks,
)

ONE, TWO = [(2000, 500)], [(2000, 500), (100, 1000)]


@pytest.mark.parametrize(
    ("text", "sizes", "rows"),
    [
        ('<points coords="1 1 555 169">mug</points>', ONE, [[1, 0, 1110, 84.5]]),  # one point
        (
            '<points coords="1 1 000 1000 2 500 050">m</points>',
            ONE,
            [[1, 0, 0, 500], [2, 0, 1000, 25]],
        ),  # edges
        *(
            (
                f'<points coords="1 1 100 100{between}2 2 200 300">m</points>',
                TWO,
                [[1, 0, 200, 50], [2, 1, 20, 300]],
            )
            for between in (";", "\t", ":", ", ")
        ),  # two images
        (
            '<points alt="a > b" coords="1 1 100 100"/>',
            ONE,
            [[1, 0, 200, 50]],
        ),  # more attributes, self-closed
        ('<points coords="1 1 100 100" alt="mug">mug</points>', ONE, [[1, 0, 200, 50]]),  # alt behind
        (
            'Counting the <points coords="1 1 100 100">cups</points> shows a total of 1.',
            ONE,
            [[1, 0, 200, 50]],
        ),
        (
            '<points coords="7 3 100 100">m</points>',
            ONE,
            [[3, 0, 200, 50]],
        ),  # with one image its number is free
        (
            '<points coords="1 1 100 100">a</points> and <points coords="1 1 200 200">b</points>',
            ONE,
            [[1, 0, 200, 50], [1, 0, 400, 100]],
        ),  # two tags
        ("There are none.", ONE, []),  # nothing there
        ("", ONE, []),  # nothing said
        ('<points coords="">mug</points>', ONE, []),  # an empty list
        ('<points coords="1 1 12 34">mug</points>', ONE, []),  # two digits are no coordinate
        ('<points coords="1 1 12345 345">mug</points>', ONE, []),  # nor are five
        ('<points coords="1 1 100">mug</points>', ONE, []),  # half a point
        ('<points coords="1 1 100 100', ONE, []),  # cut short: the last number may be incomplete
        (
            '<points coords="1 1 500 500 2 250 750 3 1',
            ONE,
            [[1, 0, 1000, 250], [2, 0, 500, 375]],
        ),  # cut short: what is complete counts
        ('<points coords="1 1 500 500 2 250 75', ONE, [[1, 0, 1000, 250]]),  # in the middle of a number
        (
            '<points coords="1 1 500 500;2 1 100 200;2',
            TWO,
            [[1, 0, 1000, 250], [1, 1, 10, 200]],
        ),  # of a group
        ('<points coords="1 1 500 1000', ONE, [[1, 0, 1000, 500]]),  # no number has five digits
        ('<points coords="1 1 500 500"', ONE, [[1, 0, 1000, 250]]),  # behind the list
        (
            '<points coords="1 1 500 500">a</points> <points coords="1 2 100 300 3',
            ONE,
            [[1, 0, 1000, 250], [2, 0, 200, 150]],
        ),  # the second of two tags
        ('<points alt="a > b" coords="1 1 500 500 2', ONE, [[1, 0, 1000, 250]]),  # more attributes
        ('<points coords="1 1 500 500 <POINT_3>', ONE, []),  # of two formats
        ("<points coords=1 1 500 500", ONE, []),  # no quotes
        ("<points", ONE, []),  # nothing yet
        ("<points ", ONE, []),
        ('<points coords="one 1 100 100">mug</points>', ONE, []),  # no number
        ('<point x="63.5" y="52.2" alt="mug">mug</point>', ONE, []),  # Molmo 1
        ('<points coords="<POINT_3><POINT_12><POINT_20>1">mug</points>', ONE, []),  # grounding tokens
        ('<polygon points="1 1 100 100">', ONE, []),  # another tag
    ],
)
def test_reading_points_in_images(text: str, sizes: list, rows: list) -> None:
    got = extract_coordinate_points(text, sizes)
    assert [row[:2] for row in got] == [row[:2] for row in rows]
    assert np.allclose([row[2:] for row in got], [row[2:] for row in rows], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<points coords="1 1 1001 500">m</points>', "outside the image"),  # right of it
        ('<points coords="1 1 500 1001">m</points>', "outside the image"),  # below it
        ('<points coords="3 1 500 500">m</points>', "image 3 of 2"),  # an image that is not there
        ('<points coords="0 1 500 500">m</points>', "image 0 of 2"),  # images count from 1
    ],
)
def test_points_that_lie_nowhere_are_left_out_with_a_warning(text: str, words: str, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        assert extract_coordinate_points(text, TWO) == []
    assert words in caplog.text


def test_reading_a_video() -> None:
    text = '<tracks coords="0.0 1 635 522;0.5 1 606 490 2 511 124;12 2 515 164">cats</tracks>'
    assert np.allclose(
        extract_coordinate_video_points(text, (1000, 2000)),
        [[1, 0.0, 635, 1044], [1, 0.5, 606, 980], [2, 0.5, 511, 248], [2, 12.0, 515, 328]],
        rtol=0,
        atol=1e-9,
    )


@pytest.mark.parametrize(
    "text",
    [
        '<points coords="1 1 555 169;2 2 649 154 3 1000 000">mugs</points>',  # two images
        '<points coords="1 1 005 050">a "quoted" label</points>',  # leading zeros
        "There are none.",  # nothing
    ],
)
def test_image_text_comes_back_exactly(text: str) -> None:
    label = text.split(">")[1].split("<")[0] if "<" in text else "mug"
    assert write_coordinate_points(extract_coordinate_points(text, TWO), label, TWO) == text


@pytest.mark.parametrize(
    "text",
    [
        '<tracks coords="0.0 1 635 522;0.5 1 606 490 2 511 124;1.0 2 515 164">cats</tracks>',  # two cats
        "There are none.",  # nothing
    ],
)
def test_video_text_comes_back_exactly(text: str) -> None:
    size = (641, 359)
    assert write_coordinate_tracks(extract_coordinate_video_points(text, size), "cats", size) == text


@pytest.mark.parametrize("seed", range(5))
def test_pixels_come_back_within_half_a_step(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = [tuple(rng.integers(1, 4000, 2).tolist()) for _ in range(3)]
    rows = [
        [float(object_id), index, *rng.uniform(0, sizes[index]).tolist()]
        for index in range(3)
        for object_id in range(1, 6)
    ]
    back = extract_coordinate_points(write_coordinate_points(rows, "x", sizes), sizes)
    assert [row[:2] for row in back] == [row[:2] for row in rows]
    for (_, index, x, y), (_, _, x1, y1) in zip(rows, back, strict=True):
        assert abs(x1 - x) <= sizes[index][0] * 0.0005 + 1e-9
        assert abs(y1 - y) <= sizes[index][1] * 0.0005 + 1e-9


def test_endless_answers_are_read_quickly() -> None:
    start = time.perf_counter()
    for text in (
        "<points " + "a" * 100_000,
        '<points coords="1 1 500 500 ' * 10_000 + "x",
        "<points a='" + "coords='" * 20_000,
        "<points " * 20_000,
        '<points coords="' + "1 " * 50_000 + '">',
        '<points x="1" ' * 10_000,
    ):
        assert extract_coordinate_points(text, ONE) == []
    assert time.perf_counter() - start < 5
