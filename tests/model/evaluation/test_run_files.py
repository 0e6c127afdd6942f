"""Results on disk: whole lines or none, one writer, one model, nothing scored twice."""

from __future__ import annotations

import pytest

from model.evaluation.benchmark import Prediction, Record
from model.evaluation.run_files import files_of, open_run, read_file, read_run
from molmo_act.errors import InputError
from tests.model.evaluation.harness import header

ONE = Record(0, {"correct": 1.0}, {"kind": "a"}, None, Prediction("x", ((1, 0, 2.5, 3.5),), 0.25), 0.5)
TWO = Record(1, {"correct": 0.0}, {"kind": "b"}, "image is missing", None, 0.0)


def write(folder, *records, shard=(0, 1), resume=False, **changed):
    with open_run(folder, header(**changed), shard=shard, resume=resume) as (writer, done):
        writer.add(records)
        return done


def test_what_was_written_is_read_back(tmp_path):
    write(tmp_path, ONE, TWO)
    about, [one, two] = read_run(tmp_path, "doubling")
    assert about == header()
    assert (one.scores, one.groups, one.prediction, one.seconds) == (
        ONE.scores,
        ONE.groups,
        ONE.prediction,
        0.5,
    )
    assert (two.problem, two.prediction) == ("image is missing", None)


@pytest.mark.parametrize("left", [b"", b'{"index": 2, "sco', b'{"ben'])
def test_a_line_that_a_kill_cut_off_is_written_anew(tmp_path, left):
    write(tmp_path, ONE)
    path = tmp_path / "doubling.jsonl"
    if left.startswith(b'{"ben'):
        path.write_bytes(left)
    else:
        path.write_bytes(path.read_bytes() + left)
    done = write(tmp_path, TWO, resume=True)
    assert done == (set() if left.startswith(b'{"ben') else {0})
    assert [one.index for one in read_run(tmp_path, "doubling")[1]] == sorted(done | {1})


def test_results_are_not_written_over(tmp_path):
    write(tmp_path, ONE)
    with pytest.raises(InputError, match=r"1 scored cases already\. Give --resume"):
        write(tmp_path, TWO)


@pytest.mark.parametrize(
    "changed",
    [
        {"model": {"name": "m", "sha256": "2"}},
        {"asked": {"prompt": "gui"}},
        {"data_sha256": "e"},
        {"rows": 5},
    ],
)
def test_another_run_is_not_gone_on_with(tmp_path, changed):
    write(tmp_path, ONE)
    before = (tmp_path / "doubling.jsonl").read_bytes()
    with pytest.raises(InputError, match=r"another (run|model)"):
        write(tmp_path, TWO, resume=True, **changed)
    with pytest.raises(InputError, match=r"another (run|model)"):
        write(tmp_path, TWO, resume=True, shard=(0, 2), **changed)
    assert (tmp_path / "doubling.jsonl").read_bytes() == before


def test_a_folder_is_of_one_model(tmp_path):
    write(tmp_path, ONE, benchmark="other")
    with pytest.raises(InputError, match="run of another model"):
        write(tmp_path, ONE, model={"name": "m", "sha256": "2"})


def test_one_process_writes_a_file(tmp_path):
    with (
        open_run(tmp_path, header(), shard=(0, 2), resume=False),
        pytest.raises(InputError, match="Another process writes"),
    ):
        write(tmp_path, TWO, shard=(0, 2), resume=True)


def test_other_shards_are_not_scored_again_and_must_not_grow_meanwhile(tmp_path):
    write(tmp_path, ONE, shard=(0, 2))
    assert write(tmp_path, TWO, shard=(1, 2)) == {0}
    assert write(tmp_path, resume=True) == {0, 1}
    with (
        open_run(tmp_path, header(), shard=(1, 2), resume=True),
        pytest.raises(InputError, match="Another process writes"),
    ):
        write(tmp_path, resume=True, shard=(0, 3))


def test_a_damaged_line_is_named(tmp_path):
    write(tmp_path, ONE, TWO)
    path = tmp_path / "doubling.jsonl"
    first, _, last = path.read_text().splitlines(keepends=True)
    path.write_text(first + "{]\n" + last)
    with pytest.raises(InputError, match=r"Line 2 of .*doubling.jsonl is damaged"):
        read_run(tmp_path, "doubling")
    path.write_text(first + '{"index": 1}\n')
    with pytest.raises(InputError, match=r"Line 2 of .* is damaged \(KeyError"):
        read_file(path)


def test_a_case_that_was_scored_twice_is_an_error(tmp_path):
    write(tmp_path, ONE)
    (tmp_path / "doubling.0of2.jsonl").write_bytes((tmp_path / "doubling.jsonl").read_bytes())
    with pytest.raises(InputError, match="a second time"):
        read_run(tmp_path, "doubling")


def test_names_of_benchmarks_that_begin_alike_are_apart(tmp_path):
    write(tmp_path, ONE)
    write(tmp_path, ONE, benchmark="doubling-find")
    assert [path.name for path in files_of(tmp_path, "doubling")] == ["doubling.jsonl"]


def test_no_number_that_json_lacks_is_written(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(tmp_path, Record(0, {"correct": float("nan")}))
    assert read_run(tmp_path, "doubling")[1] == []
