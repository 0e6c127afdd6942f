"""The report says of every part how it stands, and keeps what was measured."""

from __future__ import annotations

import json

from model.benchmarks.gpu_proof.parts import Part
from model.benchmarks.gpu_proof.report import JSON_FILE, TABLE_FILE, proved, table, write_report
from model.benchmarks.gpu_proof.rows import Row
from model.benchmarks.gpu_proof.running import Outcome

DONE = Outcome(Part("card", "card"), ["python"], "done", rows=[Row("name", "a | b", "c")])
CUT = Outcome(
    Part("stream", "stream", limit_s=5), ["python"], "cut off", "after 5 s", rows=[Row("x", "1", "2", False)]
)


def test_the_table_says_what_is_not_done_and_what_is_wrong():
    assert table([DONE, CUT]).splitlines()[2:] == [
        "| card | name | a \\| b | c |",
        "| stream | **cut off** | after 5 s | may take 5 s |",
        "| stream | x | **1** | 2 |",
    ]
    assert proved([DONE])
    assert not proved([DONE, CUT])


def test_both_files_are_replaced(tmp_path):
    for outcomes in ([DONE], [DONE, CUT]):
        write_report(tmp_path, {"rehearsal": True}, outcomes)
    found = json.loads((tmp_path / JSON_FILE).read_text())
    assert found["rehearsal"]
    assert [part["status"] for part in found["parts"]] == ["done", "cut off"]
    assert found["parts"][1]["rows"][0]["value"] == "1"
    assert (tmp_path / TABLE_FILE).read_text() == table([DONE, CUT])
    assert sorted(path.name for path in tmp_path.iterdir()) == [JSON_FILE, TABLE_FILE]
