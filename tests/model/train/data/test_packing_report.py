"""How full sequences are is measured and printed."""

from __future__ import annotations

import json

import pytest

from model.data.encoding.packing import Room
from model.train.data.packing_report import fullness, main


@pytest.mark.slow
def test_sequences_of_shapes_are_nearly_full():
    found = fullness(Room(3000, 40), "1 shapes", 2)
    assert (found["tokens"], found["crops"], found["sequences"]) == (3000, 40, 2)
    assert 0.8 < found["tokens_used"] <= 1
    assert 0 < found["crops_used"] <= 1
    assert found["examples"] >= 1


@pytest.mark.parametrize("count", [3])
def test_a_table_and_a_line_of_json_are_printed(monkeypatch, capsys, count):
    asked = []

    def measure(room, mixture, sequences):
        asked.append((mixture, sequences))
        used = {"tokens_used": 0.5, "crops_used": 0.25, "examples": 2.0}
        return {"tokens": room.tokens, "crops": room.crops, **used}

    monkeypatch.setattr("model.train.data.packing_report.fullness", measure)
    arguments = ["--mixture", "1 shapes", "--sequences", str(count)]
    monkeypatch.setattr("sys.argv", ["packing_report", *arguments])
    main()
    assert asked == [("1 shapes", count)] * 3
    title, _, first, *_, last = capsys.readouterr().out.splitlines()
    assert title.startswith("| tokens | crops |")
    assert first == "| 2048 | 24 | 0.500 | 0.250 | 2.0 |"
    assert [row["tokens"] for row in json.loads(last)["rows"]] == [2048, 4096, 8192]
