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


SHADOWS = ("random", "queue", "types", "av", "cv2", "json")


@pytest.mark.parametrize("name", ["video", "torch-cpu"])
def test_files_of_the_working_folder_are_not_modules(tmp_path, monkeypatch, name) -> None:
    pytest.importorskip("av", reason="needs the extra video")
    for module in SHADOWS:
        (tmp_path / f"{module}.py").write_text("raise RuntimeError('a file of the working folder')")
    monkeypatch.chdir(tmp_path)
    found = run_isolated(name)
    assert found.status == "ok", found.detail


TORCH_FILES = [
    ("cuda: Optional[str] = '11.8'\nhip: Optional[str] = None\n", "CUDA 11.8"),
    ("cuda = '12.6'\n", "CUDA 12.6"),
    ("cuda: Optional[str] = None\nhip: Optional[str] = '6.2.41133'\n", "ROCm 6.2.41133"),
    ("cuda: Optional[str] = None\nhip: Optional[str] = None\n", "CPU"),
    ("something = 'else'\n", None),
]


@pytest.mark.parametrize(("text", "build"), TORCH_FILES)
def test_what_torch_was_built_for_is_read_from_its_files(tmp_path, monkeypatch, text, build) -> None:
    (tmp_path / "torch-2.8.0.dist-info").mkdir()
    (tmp_path / "torch-2.8.0.dist-info/METADATA").write_text("Name: torch\nVersion: 2.8.0\n")
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/version.py").write_text(text)
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    found = run_here(Check("torch-cuda", "compute", "torch", lambda: 1 / 0))
    assert (found.status, found.build) == ("broken", build)


@pytest.mark.parametrize(
    ("version", "build"),
    [("2.8.0+cu118", "CUDA 11.8"), ("2.8.0+cu130", "CUDA 13.0"), ("2.8.0+cpu", "CPU"), ("2.8.0", None)],
)
def test_a_version_may_say_it_too(version, build) -> None:
    assert isolation._build_of_version(version) == build


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
