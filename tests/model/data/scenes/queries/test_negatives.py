"""Queries for what is not in the image."""

from __future__ import annotations

import numpy as np

from model.data.scenes.queries.negatives import absent_queries
from model.data.scenes.shapes import COLOURS
from tests.model.data.named_objects import asked_often, obj


def test_absent_objects_are_absent_and_no_lookalikes() -> None:
    objects = [obj("car", 50, 50), obj("ring", 90, 50, colour="red", shape=True)]
    nouns = ("taxi", "car", "circle", "banana", "ring", "dog")

    def name_noun(r: np.random.Generator) -> str:
        return nouns[int(r.integers(len(nouns)))]

    queries = asked_often(lambda r: absent_queries(r, objects, name_noun, wanted=3), 200)
    assert {q.label for q in queries if q.kind == "absent"} == {"banana", "dog"}
    wrong_colours = {q.label for q in queries if q.kind == "absent colour"}
    assert wrong_colours <= {f"{colour} ring" for colour in COLOURS} - {
        "red ring",
        "orange ring",
        "pink ring",
    }
    assert len(wrong_colours) > 4


def test_scenery_is_never_called_absent_before_a_photograph() -> None:
    def name_noun(r: np.random.Generator) -> str:
        return ("mountain", "pine tree", "key")[int(r.integers(3))]

    objects = [obj("dog", 50, 50)]
    on_photo = asked_often(lambda r: absent_queries(r, objects, name_noun, wanted=2, on_photo=True))
    on_wall = asked_often(lambda r: absent_queries(r, objects, name_noun, wanted=2))
    assert {q.label for q in on_photo} == {"key"}
    assert {"mountain", "key"} <= {q.label for q in on_wall}
