"""A report says whether what was asked for works, as a table and as JSON."""

from __future__ import annotations

import json

import pytest

from molmo_act.doctor.board import MODULES, Board, read_board
from molmo_act.doctor.checks import CHECKS
from molmo_act.doctor.finding import Finding
from molmo_act.doctor.report import USES, examine, parse_uses
from molmo_act.errors import InputError
from tests.molmo_act.doctor.boards import make_board

BROKEN = "RuntimeError: no kernel image"


def pretend(*, build: str | None = None, details: dict[str, str] | None = None, **states: str):
    """Runs no check: those that are named are in that state, the others work."""
    ran: list[str] = []
    builds = {name: build for name, check in CHECKS.items() if check.package == "torch"}

    def run(name: str) -> Finding:
        ran.append(name)
        status = states.get(name.replace("-", "_"), "ok")
        detail, fix = (
            ((details or {}).get(name, "fine"), None) if status == "ok" else (BROKEN, f"pip install {name}")
        )
        return Finding(name, CHECKS[name].group, status, "1.2", detail, 0.5, fix, builds.get(name))

    run.ran = ran
    return run


def test_every_use_needs_checks_that_there_are() -> None:
    assert all(set(use.all_checks) <= set(CHECKS) for use in USES.values())


def test_all_checks_without_a_use() -> None:
    run = pretend(nf4="broken")
    report = examine(board=Board(), run=run)
    assert run.ran == list(CHECKS)
    assert report.is_fit
    assert "→ pip install nf4" in str(report)


def test_only_what_a_use_needs() -> None:
    run = pretend()
    report = examine(["onnx"], board=Board(), run=run)
    assert run.ran == ["onnxruntime", "tokenizers"]
    assert report.is_fit
    assert str(report).endswith("onnx: works")


def test_what_does_not_work_is_named() -> None:
    report = examine(["gui", "8b-nf4"], board=Board(), run=pretend(nf4="broken", clipboard="missing"))
    assert not report.is_fit
    assert report.uses == {"gui": ["clipboard"], "8b-nf4": ["nf4"]}
    assert str(report).splitlines()[-3:] == ["gui: needs clipboard", "", "8b-nf4: needs nf4"]
    assert json.loads(json.dumps(report.to_dict()))["uses"] == report.uses
    assert report.to_dict()["fit"] is False


def test_an_absent_device_is_not_what_was_asked_for() -> None:
    assert examine(["gpu"], board=Board(), run=pretend(torch_cuda="absent")).uses == {"gpu": ["torch-cuda"]}


def test_traps_come_from_what_was_found(tmp_path) -> None:
    board = read_board(make_board("Orin NX", tmp_path))
    slow = "power mode 15W"
    report = examine(["8b-nf4"], board=board, run=pretend(build="CUDA 12.6"))
    assert [trap.what.startswith(slow) for trap in report.traps] == [True]  # bitsandbytes runs
    report = examine(["8b-nf4"], board=board, run=pretend(build="CUDA 12.6", nf4="broken"))
    assert ["no kernels for capability 8.7" in trap.what for trap in report.traps] == [True, False]
    assert "trap: the wheel of bitsandbytes" in str(report)
    assert "→ Build bitsandbytes on the board" in str(report)
    assert "→ pip install nf4" not in str(report)  # the same wheel again
    on_cpu = pretend(build="CUDA 12.6", details={"nf4": "LinearNF4 of 256 × 256 on cpu within 1e-01"})
    assert "not proved on this GPU: nf4" in str(examine(["nf4"], board=board, run=on_cpu))


WRONG_CUDA = "torch is built for CUDA 11.8, and Linux for Tegra 36.4.3 has CUDA 12"
TRAPS_OF_TORCH = [
    ("Orin Nano", "ros", "CUDA 12.6", {}, []),
    ("Orin Nano", "ros", None, {}, []),  # it was not looked at
    ("Orin Nano", "ros", "CPU", {}, ["torch is the build for CPUs"]),
    ("Orin Nano", "gpu", "CUDA 11.8", {"torch_cuda": "broken"}, [WRONG_CUDA]),
    ("Orin Nano", "gpu", "CUDA 12.6", {"torch_cuda": "absent"}, []),
    ("open driver", "library", "CUDA 12.6", {}, []),
    ("open driver", "gpu", "CUDA 12.6", {"torch_cuda": "absent"}, []),
    ("open driver", "library", None, {}, []),
    ("open driver", "library", "CPU", {}, ["NVIDIA's driver 570.86.10 is loaded"]),
]


@pytest.mark.parametrize(("name", "use", "build", "states", "expected"), TRAPS_OF_TORCH)
def test_the_cuda_of_torch_is_that_of_its_build(tmp_path, name, use, build, states, expected) -> None:
    board = read_board(make_board(name, tmp_path))
    report = examine([use], board=board, run=pretend(build=build, **states))
    assert len(report.traps) == len(expected)
    assert all(trap.what.startswith(words) for trap, words in zip(report.traps, expected, strict=True))


ANY_RUNTIME = ["library", "video", "ros", "gui", "mcp"]


@pytest.mark.parametrize("use", ANY_RUNTIME)
def test_either_runtime_is_enough(use) -> None:
    missing = {"torch_cpu": "missing", "transformers": "missing"}
    report = examine([use], board=Board(), run=pretend(**missing))
    assert report.is_fit
    assert "→" not in str(report)  # nothing has to be installed
    assert examine([use], board=Board(), run=pretend(onnxruntime="missing", tokenizers="missing")).is_fit
    neither = examine([use], board=Board(), run=pretend(**missing, tokenizers="missing"))
    assert neither.uses == {use: ["torch-cpu with transformers or tokenizers"]}
    assert "→ pip install tokenizers" in str(neither)


def test_an_export_needs_its_tokenizer() -> None:
    report = examine(["onnx"], board=Board(), run=pretend(tokenizers="missing"))
    assert report.uses == {"onnx": ["tokenizers"]}


@pytest.mark.parametrize(
    ("key", "fits"), [("p3767-0004", False), ("p3767-0003", False), ("p3767-0000", True)]
)
def test_8b_needs_its_memory(key, fits) -> None:
    board = Board(chip="tegra234", module=MODULES[key], capability="8.7", l4t="36.4.3")
    report = examine(["8b-nf4"], board=board, run=pretend())
    assert report.is_fit == fits
    assert fits or f"8.7 GB of memory, of which there are {MODULES[key].memory_gb - 1.5}" in str(report)


@pytest.mark.parametrize(("total", "fits"), [("6.2", False), ("24.0", True)])
def test_8b_needs_the_memory_of_its_gpu(total, fits) -> None:
    said = {"torch-cuda": f"A card, capability 8.9, CUDA 12.6, 5.0 of {total} GB free; products within 1e-03"}
    assert examine(["8b-nf4"], board=Board(), run=pretend(details=said)).is_fit == fits


@pytest.mark.parametrize(("text", "uses"), [("ros", ["ros"]), ("ROS, gui ,8b-nf4", ["ros", "gui", "8b-nf4"])])
def test_uses_are_read(text, uses) -> None:
    assert parse_uses(text) == uses


@pytest.mark.parametrize("text", ["", " , ", "ros,rocket"])
def test_uses_that_are_none(text) -> None:
    with pytest.raises(InputError, match="expected some of library, video, ros"):
        parse_uses(text)
