"""Files and folders are there whole or not at all, whatever ends the writing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from molmo_act.errors import InputError
from molmo_act.io.atomic import (
    atomic_file,
    atomic_files,
    atomic_folder,
    check_output_folder,
    check_output_path,
    explain_write_errors,
)
from tests.support.hostile_disks import files_of_at_most, without_privileges


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_appears_when_it_is_whole(tmp_path, durable):
    place = tmp_path / "a.tar.gz"
    place.write_text("old")
    with atomic_file(place, durable=durable) as beside:
        assert beside.name == "a.tar.gz"  # libraries choose a format by it
        beside.write_text("half")
        assert place.read_text() == "old"
        assert names(tmp_path)[1:] == ["a.tar.gz"]
    assert place.read_text() == "half"
    assert names(tmp_path) == ["a.tar.gz"]


@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o644)])
def test_a_file_is_private_where_that_is_asked_for(tmp_path, private, mode):
    before = os.umask(0o022)
    try:
        with atomic_file(tmp_path / "a", private=private) as beside:
            beside.write_text("mine")
            assert beside.parent.stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("reason", [ValueError, KeyboardInterrupt])
def test_a_file_that_is_not_finished_leaves_the_old_one(tmp_path, reason):
    (tmp_path / "a").write_text("old")

    def fail():
        with atomic_file(tmp_path / "a") as beside:
            beside.write_text("half")
            raise reason

    with pytest.raises(reason):
        fail()
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_a_file_that_nobody_wrote_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_file(tmp_path / "a"):
        pass
    with pytest.raises(FileNotFoundError), atomic_file(tmp_path / "missing" / "a"):
        pass
    assert names(tmp_path) == []


def test_two_may_write_one_file(tmp_path):
    with atomic_file(tmp_path / "a") as late:
        with atomic_file(tmp_path / "a") as early:
            early.write_text("early")
            late.write_text("late")
        assert (tmp_path / "a").read_text() == "early"
    assert (tmp_path / "a").read_text() == "late"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_what_is_written_has_the_mode_of_any_new_file(tmp_path, umask, mode):
    """Although the temporary folder is its owner's alone, and some libraries make private files."""
    before = os.umask(umask)
    try:
        with atomic_file(tmp_path / "file") as beside:
            beside.touch(0o600)
        with atomic_folder(tmp_path / "folder") as beside:
            (beside / "private").touch(0o600)
            (beside / "program").touch()
            (beside / "program").chmod(0o755)
        with atomic_files(tmp_path / "files") as beside:
            (beside / "private").touch(0o600)
    finally:
        os.umask(before)
    found = {
        path.relative_to(tmp_path).as_posix(): path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")
    }
    folder = 0o777 & ~umask
    private = dict.fromkeys(("file", "folder/private", "files/private"), mode)
    assert found == private | {"folder": folder, "files": folder, "folder/program": 0o755}


def test_files_move_into_a_folder_when_all_are_there(tmp_path):
    place = tmp_path / "new" / "it"
    for turn in ("first", "second"):
        with atomic_files(place) as beside:
            (beside / "a").write_text(turn)
            (beside / turn).touch()
            assert not (place / turn).exists()
    assert names(place) == ["a", "first", "second"]
    assert (place / "a").read_text() == "second"


@pytest.mark.parametrize("there", [False, True])
def test_files_that_are_not_finished_leave_a_folder_as_it_was(tmp_path, there):
    place = tmp_path / "new" / "it"
    if there:
        place.mkdir(parents=True)
        (place / "a").write_text("old")

    def fail():
        with atomic_files(place) as beside:
            (beside / "a").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert names(tmp_path) == (["new"] if there else [])
    if there:
        assert names(place) == ["a"]
        assert (place / "a").read_text() == "old"


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path):
    (tmp_path / "a").write_text("old")
    with (
        files_of_at_most(10_000),
        pytest.raises(InputError, match=r"Cannot write a page to .*a': File too large\. Make room"),
        explain_write_errors(tmp_path / "a", kind="a page"),
        atomic_file(tmp_path / "a") as beside,
    ):
        beside.write_bytes(bytes(20_000))
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_a_closed_pipe_is_no_matter_of_the_disk(tmp_path):
    with pytest.raises(BrokenPipeError), explain_write_errors(tmp_path):
        raise BrokenPipeError


def test_read_only_folders_are_refused_before_the_work(tmp_path):
    (tmp_path / "closed" / "open").mkdir(parents=True)
    (tmp_path / "closed").chmod(0o555)
    closed = tmp_path / "closed"
    with without_privileges():
        for check in (
            lambda: check_output_folder(closed / "new" / "run"),
            lambda: check_output_path(closed / "a.png", suffixes=[".png"], kind="an image"),
        ):
            with pytest.raises(InputError, match=r"closed' is read-only for you\. Give a folder"):
                check()
        with (
            pytest.raises(InputError, match=r"Permission denied\. Give a folder that you may write to"),
            explain_write_errors(closed),
            atomic_files(closed / "new"),
        ):
            pass
        assert check_output_folder(closed / "open") == closed / "open"
        with atomic_files(closed / "open") as beside:  # nothing beside it is touched
            (beside / "a").touch()
    assert names(closed / "open") == ["a"]


def test_a_file_in_the_place_of_a_folder_is_refused_before_the_work(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(InputError, match=r"a' is a file\. Give a folder"):
        check_output_folder(tmp_path / "a" / "run")
    for folder in (tmp_path / "a", tmp_path / "a" / "run"):
        with (
            pytest.raises(InputError, match="A file is in the place of a folder"),
            explain_write_errors(folder),
            atomic_files(folder),
        ):
            pass


def test_a_folder_appears_when_it_is_whole(tmp_path):
    with atomic_folder(tmp_path / "new" / "run.1") as beside:
        assert beside.name == "run.1"
        (beside / "a").write_text("1")
        assert not (tmp_path / "new" / "run.1").exists()
    assert (tmp_path / "new" / "run.1" / "a").read_text() == "1"
    assert names(tmp_path / "new") == ["run.1"]


def test_a_folder_that_is_not_finished_is_not_there(tmp_path):
    def fail():
        with atomic_folder(tmp_path / "run") as beside:
            (beside / "a").write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert names(tmp_path) == []


def test_a_folder_in_its_place_stays(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "kept").touch()
    with pytest.raises(OSError, match="not empty"), atomic_folder(tmp_path / "run") as beside:
        (beside / "other").touch()
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["kept"]


KILLED = """
import os, signal, sys
from molmo_act.errors import InputError
from molmo_act.io.atomic import (
    atomic_file,
    atomic_files,
    atomic_folder,
    check_output_folder,
    check_output_path,
    explain_write_errors,
)
from tests.support.hostile_disks import files_of_at_most, without_privileges
with (atomic_file if sys.argv[1] == "file" else atomic_folder)(sys.argv[2]) as beside:
    (beside if sys.argv[1] == "file" else beside / "a").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_killed_writer_leaves_nothing_in_place(tmp_path, kind):
    command = [sys.executable, "-c", KILLED, kind, str(tmp_path / "it")]
    assert subprocess.run(command, timeout=60).returncode == -signal.SIGKILL
    assert not (tmp_path / "it").exists()
    if kind == "folder":  # and the next one clears up
        with atomic_folder(tmp_path / "it") as beside:
            assert names(beside) == []
        assert names(tmp_path) == ["it"]


def test_writers_of_one_folder_leave_each_other_alone(tmp_path):
    def write_twice():
        with atomic_folder(tmp_path / "it") as slow:
            (slow / "a").write_text("slow")
            with atomic_folder(tmp_path / "it") as quick:
                (quick / "a").write_text("quick")
            assert (slow / "a").read_text() == "slow"

    with pytest.raises(OSError, match="not empty"):
        write_twice()
    assert (tmp_path / "it" / "a").read_text() == "quick"
    assert names(tmp_path) == ["it"]


def test_folders_of_others_are_not_taken_for_left_behind(tmp_path):
    for name in ("it.old.partial", "other.abcdefgh.partial", "it.abcdefgh.partial"):
        (tmp_path / name).mkdir()
    with atomic_folder(tmp_path / "it"):
        pass
    assert names(tmp_path) == ["it", "it.old.partial", "other.abcdefgh.partial"]
