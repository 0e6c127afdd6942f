"""Points in text, of Molmo 2 and Molmo 1: any text gives points inside the image, quickly."""

from __future__ import annotations

import math

import pytest

from molmo_act.formats.coordinate_text import extract_coordinate_points, extract_coordinate_video_points
from molmo_act.formats.percent_text import extract_percent_points
from tests.support.fuzzing import fuzzed, parses_or_refuses, pieces_of, spliced

PIECES = [
    *("<points", "<point", "<tracks", " coords=", '"', "'", ">", "/>", "</points>", "</point>", "</tracks>"),
    *(" ", "=", ";", ":", ",", "\t", "\n", "1 1 555 169", " 2 649 154", "0.5 1 606 490", "1 1 1000 1001"),
    *(
        ' x="63.5" y="52.2"',
        ' x1="12.0" y1="100"',
        " x2='1e9' y2='nan'",
        ' alt="mug"',
        "x",
        "y",
        "99999999999",
    ),
]
SIZES = [(640, 480), (1, 1)]


@fuzzed(pieces_of(PIECES), spliced(PIECES))
def test_points_of_images(text):
    sizes = SIZES[: 1 + len(text) % 2]
    with parses_or_refuses():
        for object_id, index, x, y in extract_coordinate_points(text, sizes):
            assert isinstance(object_id, int)
            width, height = sizes[index]
            assert 0 <= x <= width
            assert 0 <= y <= height


@fuzzed(pieces_of(PIECES), spliced(PIECES))
def test_points_of_videos(text):
    with parses_or_refuses():
        for _, seconds, x, y in extract_coordinate_video_points(text, (640, 480)):
            assert math.isfinite(seconds)
            assert 0 <= x <= 640
            assert 0 <= y <= 480


@fuzzed(pieces_of(PIECES), spliced(PIECES))
def test_points_in_per_cent(text):
    with parses_or_refuses():
        for _, _, x, y in extract_percent_points(text, SIZES[:1]):
            assert 0 <= x <= 640
            assert 0 <= y <= 480


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("before", ["", "<points", '<points coords="', "<point a='"])
def test_long_answers(before, piece):
    """Of 30,000 characters: what the longest answers of released models have."""
    with parses_or_refuses():
        for extract in (extract_coordinate_points, extract_percent_points):
            extract((before + piece) * (30_000 // len(before + piece)), SIZES[:1])
            extract(before + piece * (30_000 // len(piece)), SIZES[:1])
