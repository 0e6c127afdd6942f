"""A report says whether what was asked for works, as a table and as JSON."""

from __future__ import annotations

import json

import pytest

from molmo_act.doctor.board import Board, read_board
from molmo_act.doctor.checks import CHECKS
from molmo_act.doctor.finding import Finding
from molmo_act.doctor.report import USES, examine, parse_uses
from molmo_act.errors import InputError
from tests.molmo_act.doctor.boards import make_board

BROKEN = "RuntimeError: no kernel image"


def pretend(**states: str):
    """Runs no check: those that are named are in that state, the others work."""
    ran = []

    def run(name: str) -> Finding:
        ran.append(name)
        status = states.get(name.replace("-", "_"), "ok")
        detail, fix = ("fine", None) if status == "ok" else (BROKEN, f"pip install {name}")
        return Finding(name, CHECKS[name].group, status, "1.2", detail, 0.5, fix)

    run.ran = ran
    return run


def test_every_use_needs_checks_that_there_are() -> None:
    assert all(set(needed) <= set(CHECKS) for needed in USES.values())


def test_all_checks_without_a_use() -> None:
    run = pretend(nf4="broken")
    report = examine(board=Board(), run=run)
    assert run.ran == list(CHECKS)
    assert report.is_fit
    assert "→ pip install nf4" in str(report)


def test_only_what_a_use_needs() -> None:
    run = pretend()
    report = examine(["onnx"], board=Board(), run=run)
    assert run.ran == ["onnxruntime"]
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
    board = read_board(make_board("Orin Nano", tmp_path))
    report = examine(["8b-nf4"], board=board, run=pretend())
    assert ["no kernels for capability 8.7" in trap.what for trap in report.traps] == [False, True]
    assert "trap: the wheel of bitsandbytes" in str(report)


@pytest.mark.parametrize(("text", "uses"), [("ros", ["ros"]), ("ROS, gui ,8b-nf4", ["ros", "gui", "8b-nf4"])])
def test_uses_are_read(text, uses) -> None:
    assert parse_uses(text) == uses


@pytest.mark.parametrize("text", ["", " , ", "ros,rocket"])
def test_uses_that_are_none(text) -> None:
    with pytest.raises(InputError, match="expected some of library, video, ros"):
        parse_uses(text)
