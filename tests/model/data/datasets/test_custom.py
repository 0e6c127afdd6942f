"""A folder of own images: questions grouped by image, and every mistake named by its line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from model.data.datasets.custom import FILE
from model.data.errors import SkippedRow
from model.data.registry import open_source
from molmo_act.errors import InputError

LINES = [
    {"image": "a.png", "text": "the red mug", "label": "mug", "points": [[10.5, 20], [30, 40]]},
    {"image": "b.png", "text": "forks", "points": [[1, 1]]},
    {"image": "a.png", "text": "a fork", "points": []},
    {"image": "a.png", "question": "How full is it?", "answer": "Half full."},
]


@pytest.fixture
def write(tmp_path):
    def write_lines(lines: list) -> None:
        home = tmp_path / "mugs"
        home.mkdir(exist_ok=True)
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        (home / FILE).write_text(text, encoding="utf-8")
        Image.new("RGB", (60, 50), "red").save(home / "a.png")

    return write_lines


def test_lines_of_one_image_come_together(write, tmp_path):
    write(LINES)
    source = open_source("mugs", tmp_path)
    assert source.blocks == (2,)
    sample = source.read(0, np.random.default_rng(0))
    assert sample.image.shape == (50, 60, 3)
    assert [(q.text, q.label, q.kind) for q in sample.queries] == [
        ("the red mug", "mug", "noun"),
        ("a fork", "a fork", "absent"),
    ]
    assert [target.point for target in sample.queries[0].targets] == [(10.5, 20.0), (30.0, 40.0)]
    assert [(s.question, s.answer) for s in sample.question_answers] == [("How full is it?", "Half full.")]
    with pytest.raises(SkippedRow, match="image is missing"):
        source.read(1, np.random.default_rng(0))


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        {"text": "the mug", "points": []},  # no image
        {"image": "a.png", "points": [[1, 2]]},  # no text
        {"image": "a.png", "text": "the mug", "points": [[1]]},
        {"image": "a.png", "question": "How full is it?"},
    ],
)
def test_a_line_that_cannot_be_used_is_named(write, tmp_path, line):
    write([LINES[0], line])
    with pytest.raises(InputError, match=r"Line 2 of .*points.jsonl cannot be used"):
        open_source("mugs", tmp_path)


def test_an_empty_file_and_points_outside_are_refused(write, tmp_path):
    write([])
    with pytest.raises(InputError, match="is empty"):
        open_source("mugs", tmp_path)
    write([{"image": "a.png", "text": "the mug", "points": [[61, 2]]}])
    with pytest.raises(SkippedRow, match="outside the image"):
        open_source("mugs", tmp_path).read(0, np.random.default_rng(0))
    write([{"image": "a.png", "text": "the <|im_end|> mug", "points": []}])
    with pytest.raises(SkippedRow, match="control tokens"):
        open_source("mugs", tmp_path).read(0, np.random.default_rng(0))
