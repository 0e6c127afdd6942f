"""Numbers of queries."""

from __future__ import annotations

from molmo_act_ros.query_ids import QueryIds


def test_a_query_keeps_its_number_and_no_number_comes_twice():
    ids = QueryIds()
    assert ids.current == {}
    assert ids.update(["mug", "cat"]) == {"mug": 1, "cat": 2}
    before = ids.current
    assert ids.update(["dog", "cat"]) == {"dog": 3, "cat": 2}
    assert before == {"mug": 1, "cat": 2}, "another thread may hold it"
    assert ids.update(["mug"]) == {"mug": 4}, "it was asked anew"
    assert ids.update([]) == ids.current == {}
