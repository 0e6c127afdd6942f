"""Reading questions, and who sees which pair where."""

from __future__ import annotations

import json

import pytest

from model.evaluation.preference.items import ShownAnswer, pairs_for, read_items
from molmo_act.errors import InputError
from tests.model.evaluation.preference.example import MODELS, write_example


def test_a_file_of_questions(tmp_path):
    one, two, three = read_items(write_example(tmp_path))
    assert one.answers[MODELS[0]] == ShownAnswer("A <i>cup</i>", ((0.0, 30.0, 20.0), (0.0, 60.0, 40.0)))
    assert (two.is_video, three.is_video) == (False, True)
    assert three.answers[MODELS[1]].points[0] == (1.0, 48.0, 32.0)


def test_pairs_are_random_and_the_same_again(tmp_path):
    items = read_items(write_example(tmp_path))
    pairs = pairs_for(items, "anna")
    assert [(p.item.name, p.left) for p in pairs_for(items, "anna")] == [(p.item.name, p.left) for p in pairs]
    assert len({pair.key for pair in pairs}) == len(pairs) == 1 + 3 + 1
    orders = {tuple((p.item.name, p.left, p.right) for p in pairs_for(items, str(r))) for r in range(20)}
    assert len(orders) > 15
    lefts = [pair.left for r in range(200) for pair in pairs_for(items[:1], str(r))]
    assert 60 < lefts.count(MODELS[0]) < 140  # no side is the rule


GOOD = {"id": "q", "question": "?", "image": "red.png", "answers": {"a": {}, "b": {}}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answers": {"a": {}}}, "has 1 answers; expected those of two models"),
        ({"answers": [1]}, "cannot be used"),
        ({"answers": {"a": {"points": [[1]]}, "b": {}}}, "points are"),
        ({"answers": {"a": {"points": [[1, float("nan")]]}, "b": {}}}, "points are"),
        ({"image": "../red.png"}, "outside of its folder"),
        ({"image": "/etc/passwd"}, "outside of its folder"),
        ({"image": "gone.png"}, "is not there"),
        ({"image": None}, "cannot be used"),
        ({"video": "clip.mp4"}, "cannot be used"),  # both
    ],
)
def test_lines_that_cannot_be_used(tmp_path, change, message):
    write_example(tmp_path)
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps({**GOOD, "id": "r", **change}), encoding="utf-8")
    with pytest.raises(InputError, match=message) as raised:
        read_items(path)
    assert "Line 2" in str(raised.value)


def test_files_that_cannot_be_used(tmp_path):
    write_example(tmp_path)
    path = tmp_path / "bad.jsonl"
    with pytest.raises(InputError, match="cannot be read"):
        read_items(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        read_items(path)
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds no question"):
        read_items(path)
    path.write_text(f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}", encoding="utf-8")
    with pytest.raises(InputError, match="the id 'q' twice"):
        read_items(path)
