"""What a run says: one line a step, and what is done again is not said twice."""

from __future__ import annotations

import json
import struct
import sys
import time
from pathlib import Path

import pytest

from model.train.checkpoint import Progress
from model.train.errors import TrainingError
from model.train.metrics import FILE, MetricsWriter
from molmo_act.errors import MissingExtraError
from tests.support.hostile_disks import files_of_at_most

VALUES = {"loss": 1.5, "examples_per_second": 100.0}


def write(folder, first: int, last: int, **skipped: int) -> None:
    monitor = MetricsWriter(folder, first, 10, ["loss"])
    for step in range(first + 1, last + 1):
        monitor.write(Progress(step), VALUES, skipped)
    monitor.close()


def steps(folder) -> list[int]:
    return [json.loads(line)["step"] for line in (folder / FILE).read_text().splitlines()]


def test_lines_behind_the_last_save_are_dropped(tmp_path):
    write(tmp_path, 0, 5)
    with (tmp_path / FILE).open("a") as file:
        file.write('{"step": 6, "lo')  # killed while writing
    write(tmp_path, 3, 7)
    assert steps(tmp_path) == [1, 2, 3, 4, 5, 6, 7]


def test_what_was_skipped_is_said(tmp_path):
    write(tmp_path, 0, 1, gone=3)
    assert json.loads((tmp_path / FILE).read_text())["skipped"] == {"gone": 3}
    assert list((tmp_path / "tensorboard").iterdir())


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)  # TensorBoard's thread writes too
def test_a_file_that_cannot_be_written_is_one_clear_error(tmp_path):
    monitor = MetricsWriter(tmp_path, 0, 10, ["loss"])
    monitor.write(Progress(1), VALUES, {})
    size = (tmp_path / FILE).stat().st_size
    with files_of_at_most(size), pytest.raises(TrainingError, match=r"too large.*Mend that and run"):
        monitor.write(Progress(2), VALUES, {})
    write(tmp_path, 1, 2)
    assert steps(tmp_path) == [1, 2]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_clear_error(tmp_path):
    monitor = MetricsWriter(tmp_path, 0, 10, ["loss"])
    (tmp_path / FILE).symlink_to("/dev/full")
    with pytest.raises(TrainingError, match=r"No space left.*Make room and run"):
        monitor.write(Progress(1), VALUES, {})
    (tmp_path / FILE).unlink()  # the end of it is never read
    monitor.close()


@pytest.mark.parametrize("module", ["rich.progress", "tensorboard"])
def test_what_shows_a_run_is_named_when_missing(tmp_path, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"\[train\]"):
        MetricsWriter(tmp_path, 0, 1, [])


def test_wandb_is_asked_only_on_request_and_named_when_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)  # importing it fails
    MetricsWriter(tmp_path, 0, 1, []).close()
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingExtraError, match=r"\[wandb\]"):
        MetricsWriter(tmp_path, 0, 1, [], wandb=True)


def wandb_records(path: Path):
    """What a .wandb file holds: a head of 7 bytes, then a log as LevelDB's, of W&B's own messages."""
    from wandb.proto.wandb_internal_pb2 import Record

    block, head, whole = 2**15, 7, 1
    content, at, message = path.read_bytes(), head, b""
    while at + head <= len(content):
        if block - at % block < head:  # records do not begin where their head would not fit
            at += block - at % block
            continue
        length, kind = struct.unpack("<HB", content[at + 4 : at + head])
        message += content[at + head : at + head + length]
        at += head + length
        if kind in (whole, 4):  # 2, 3 and 4 are the first, a middle and the last piece
            yield Record.FromString(message)
            message = b""


def finished_run(path: Path) -> list:
    """All records, once W&B's own process has written the last."""
    deadline = time.monotonic() + 60
    while True:
        records = list(wandb_records(path))
        if records and records[-1].HasField("exit"):
            return records
        assert time.monotonic() < deadline, f"{path} was never finished"
        time.sleep(0.05)


@pytest.mark.slow
def test_what_wandb_keeps_offline_is_what_was_said(tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="W&B is not installed: pip install molmo-act[wandb]")
    monkeypatch.setenv("WANDB_MODE", "offline")
    for first, last in ((0, 3), (2, 4)):  # killed behind its save of step 2, and gone on with
        monitor = MetricsWriter(tmp_path, first, 10, ["loss"], wandb=True)
        for step in range(first + 1, last + 1):
            values = {"loss": 1 / step, "examples_per_second": 100.0}
            monitor.write(Progress(step), values, {"gone": 2} if step == 3 else {})
        monitor.close()
    files = sorted((tmp_path / "wandb").glob("offline-run-*/*.wandb"))
    assert len(files) == 2
    said, ids = [], set()
    for path in files:
        for record in finished_run(path):
            if record.HasField("run"):
                ids.add((record.run.project, record.run.run_id, record.run.display_name))
            if record.HasField("history"):
                values = {
                    ".".join(i.nested_key) or i.key: json.loads(i.value_json) for i in record.history.item
                }
                said.append({key: values.get(key) for key in ("_step", "loss", "skipped/gone")})
    assert ids == {("molmo_act", (tmp_path / "wandb_id.txt").read_text(), tmp_path.name)}
    expected = [(1, 1, None), (2, 1 / 2, None), (3, 1 / 3, 2), (3, 1 / 3, 2), (4, 1 / 4, None)]
    assert [tuple(each.values()) for each in said] == [pytest.approx(each) for each in expected]
