"""``--check``: says what is missing, and how to get it."""

from __future__ import annotations

import json

from model.evaluation.checking import check_data
from tests.model.evaluation.harness import Doubling


def test_a_whole_set_and_one_with_faults(tmp_path, capsys):
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps([{"n": 1}, {"n": 2}]))
    assert check_data(Doubling(), tmp_path)
    rows.write_text(json.dumps([{"n": 1, "dead": True}, {}, {"n": 2}]))
    assert not check_data(Doubling(), tmp_path)
    said = capsys.readouterr().out
    assert "doubling: 2 of 2 rows can be asked" in said
    assert "doubling: 1 of 3 rows can be asked" in said
    assert "1: image is missing" in said
    rows.unlink()
    assert not check_data(Doubling(), tmp_path)
    assert "hf download somebody/doubling" in capsys.readouterr().out
