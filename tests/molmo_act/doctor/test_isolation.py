"""A check ends alone, however its library fails."""

from __future__ import annotations

import os
import time

import pytest

from molmo_act.doctor import isolation
from molmo_act.doctor.checks import Check
from molmo_act.doctor.finding import AbsentError
from molmo_act.doctor.isolation import run_here, run_isolated


def raising(error: BaseException) -> Check:
    def run() -> str:
        raise error

    return Check("it", "compute", "numpy", run, "quant")


def test_what_works_says_what_was_run() -> None:
    found = run_here(Check("it", "media", "numpy", lambda: "two and two"))
    assert (found.name, found.group, found.status, found.detail) == ("it", "media", "ok", "two and two")
    assert found.version is not None
    assert found.fix is None


FAILURES = [
    (AbsentError("no GPU"), "absent", "no GPU", None),
    (ModuleNotFoundError("x", name="there"), "missing", "there is not installed", "[quant]"),
    (
        ImportError("libcudart.so.12: cannot open"),
        "broken",
        "ImportError: libcudart.so.12: cannot open",
        "reinstall",
    ),
    (ArithmeticError("off by 2\nmore"), "broken", "ArithmeticError: off by 2", "--force-reinstall numpy"),
    (RuntimeError(), "broken", "RuntimeError", "--force-reinstall numpy"),
]


@pytest.mark.parametrize(("error", "status", "detail", "fix"), FAILURES)
def test_what_fails_says_how_and_what_to_do(error, status, detail, fix) -> None:
    found = run_here(raising(error))
    assert (found.status, found.detail) == (status, detail)
    assert (found.fix is None) if fix is None else (fix in found.fix)


@pytest.mark.parametrize("name", ["video", "opencv"])
def test_a_check_in_a_process_of_its_own(name) -> None:
    pytest.importorskip({"video": "av", "opencv": "cv2"}[name])
    found = run_isolated(name)
    assert (found.name, found.status) == (name, "ok"), found.detail
    assert found.seconds > 0


def as_library(folder, monkeypatch, text: str) -> None:
    """Puts a library "av" in front of the real one."""
    (folder / "av.py").write_text(text)
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)


def test_a_library_that_crashes(tmp_path, monkeypatch) -> None:
    as_library(tmp_path, monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    found = run_isolated("video")
    assert (found.status, found.detail) == ("broken", "crashed: exit status -11")
    assert "--force-reinstall av" in found.fix


def test_a_library_that_hangs(tmp_path, monkeypatch) -> None:
    as_library(tmp_path, monkeypatch, "import time; time.sleep(60)")
    began = time.monotonic()
    found = run_isolated("video", time_limit=3)
    assert (found.status, found.detail) == ("broken", "did not answer within 3 s")
    assert time.monotonic() - began < 30


def test_a_library_that_prints(tmp_path, monkeypatch) -> None:
    as_library(tmp_path, monkeypatch, "print('hello'); raise RuntimeError('built for another machine')")
    assert run_isolated("video").detail == "RuntimeError: built for another machine"
    assert isolation.TIME_LIMIT > 0
