"""Counts are numbers that say whether their answer was complete."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from molmo_act.errors import InputError
from molmo_act.outputs.count import Count, counts
from molmo_act.outputs.points import Points


def test_a_count_is_a_number():
    count = Count(7)
    assert count == 7
    assert f"{count} {count:02d} {count!r}" == "7 07 7"
    assert json.dumps({"count": count}) == '{"count": 7}'
    assert sum([count, count]) == 14
    assert not Count(0)


@pytest.mark.parametrize("truncated", [True, False])
def test_a_count_keeps_whether_its_answer_was_complete(truncated):
    count = Count(7, truncated=truncated)
    for one in (count, copy.copy(count), copy.deepcopy(count), pickle.loads(pickle.dumps(count))):
        assert one == 7
        assert one.truncated is truncated


def test_counts_of_one_answer_and_of_several():
    two = Points(xy=[[1, 1], [2, 2]], score=[1, 1], image_size=[(8, 8)], query="it", truncated=True)
    none = Points(xy=[], score=[], image_size=[(8, 8)], query="it")
    assert (counts(two), counts(two).truncated) == (2, True)
    assert counts([two, none]) == [2, 0]
    assert [one.truncated for one in counts([two, none])] == [True, False]


@pytest.mark.parametrize("value", [None, "3", 1.5, -1, True])
def test_what_is_no_number_of_objects(value):
    with pytest.raises(InputError, match="A count is"):
        Count(value)
