"""The whole examination of a machine: its board, checks, traps, and whether they suffice for a use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from molmo_act.doctor.board import Board, read_board
from molmo_act.doctor.checks import CHECKS
from molmo_act.doctor.compute import gpu_memory_mb
from molmo_act.doctor.finding import Finding
from molmo_act.doctor.isolation import run_isolated
from molmo_act.doctor.released import released_peak_mb
from molmo_act.doctor.traps import UNKNOWN, Trap, build_bitsandbytes, find_traps
from molmo_act.errors import InputError

NARROW = ("nf4", "int8")
"""Checks of bitsandbytes."""
TORCH = ("torch-cpu", "transformers")
EXPORTED = ("onnxruntime", "tokenizers")
"""What models run on: checkpoints on `TORCH`, exported ones on this."""


@dataclass(frozen=True)
class Use:
    """What a machine can be asked to do.

    Attributes:
        checks: That must be "ok".
        any_runtime: Whether all of `TORCH` or all of `EXPORTED` must be "ok" besides.
        needs_mb: Memory that it takes, in MB; None where any is enough.
    """

    checks: tuple[str, ...]
    any_runtime: bool = False
    needs_mb: Callable[[], float] | None = None

    @property
    def all_checks(self) -> tuple[str, ...]:
        """All that have to be run to know."""
        return (*(TORCH + EXPORTED if self.any_runtime else ()), *self.checks)


USES: Mapping[str, Use] = {
    "library": Use((), any_runtime=True),
    "video": Use(("video", "opencv"), any_runtime=True),
    "ros": Use(("rclpy", "interfaces", "opencv"), any_runtime=True),
    "gui": Use(("session", "capture", "input", "clipboard"), any_runtime=True),
    "mcp": Use(("session", "capture", "input", "mcp"), any_runtime=True),
    "torch": Use(TORCH),
    "gpu": Use(("torch-cuda", "cuda-graph", "transformers")),
    "nf4": Use((*TORCH, "nf4")),
    "int8": Use((*TORCH, "int8")),
    "onnx": Use(EXPORTED),
    "8b-nf4": Use(
        ("torch-cuda", "cuda-graph", "transformers", "nf4"), needs_mb=lambda: released_peak_mb("nf4")
    ),
}
"""What can be asked for."""


@dataclass(frozen=True)
class Report:
    """What an examination found.

    Attributes:
        board: The machine.
        findings: Of the checks, in their order.
        traps: Known traps that this machine is in.
        uses: What was asked for, and what it lacks; empty for those that work.
    """

    board: Board
    findings: Sequence[Finding]
    traps: Sequence[Trap] = ()
    uses: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_fit(self) -> bool:
        """Whether everything that was asked for works."""
        return not any(self.uses.values())

    def to_dict(self) -> dict[str, Any]:
        """Gives it as plain values, for JSON."""
        return {
            "board": self.board.to_dict(),
            "findings": [finding.to_dict() for finding in self.findings],
            "traps": [vars(trap) for trap in self.traps],
            "uses": {use: list(failed) for use, failed in self.uses.items()},
            "fit": self.is_fit,
        }

    def __str__(self) -> str:
        """Draws a table, and below it what to do."""
        width = max(map(len, CHECKS))
        lines = [str(self.board), ""]
        for finding in self.findings:
            version = finding.version or ""
            lines.append(
                f"{finding.status:<8} {finding.name:<{width}} {version[:16]:<16} {finding.seconds:6.1f} s  "
                f"{finding.detail}"
            )
            if finding.fix and finding.status in ("missing", "broken"):
                lines.append(f"{'':<{width + 10}}→ {finding.fix}")
        for trap in self.traps:
            lines += ["", f"trap: {trap.what}", f"  → {trap.fix}"]
        for use, failed in self.uses.items():
            lines += ["", f"{use}: {'needs ' + ', '.join(failed) if failed else 'works'}"]
        return "\n".join(lines)


def parse_uses(text: str) -> list[str]:
    """Reads what a machine is asked to do.

    Args:
        text: Some of `USES`, separated by commas.

    Returns:
        Their names.

    Raises:
        InputError: One of them is none.
    """
    names = [name for name in re.split(r"[,\s]+", text.strip().lower()) if name]
    unknown = [name for name in names if name not in USES]
    if unknown or not names:
        raise InputError(f"{text!r} was asked for; expected some of {', '.join(USES)}, separated by commas.")
    return names


def examine(
    uses: Sequence[str] = (),
    *,
    board: Board | None = None,
    run: Callable[[str], Finding] = run_isolated,
    told: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> Report:
    """Examines this machine.

    Args:
        uses: Some of `USES`: only their checks are run. All checks where none is given.
        board: The machine; read from its files unless given.
        run: Runs a check by its name.
        told: Wraps the names of the checks as they are run, for a progress bar.

    Returns:
        The report.
    """
    wanted = {name for use in uses for name in USES[use].all_checks}
    names = [name for name in CHECKS if name in wanted or not uses]
    findings = {name: run(name) for name in told(names)}
    board = read_board() if board is None else board
    versions = {CHECKS[name].package: finding.version for name, finding in findings.items()}
    return Report(
        board=board,
        findings=[_with_fix(finding, board, uses, findings) for finding in findings.values()],
        traps=find_traps(board, versions, _cuda_of(findings), _unproved(findings)),
        uses={use: [*_lacks(USES[use], board, findings)] for use in uses},
    )


def _lacks(use: Use, board: Board, findings: Mapping[str, Finding]) -> Iterator[str]:
    """What a use lacks on this machine."""
    if use.any_runtime:
        failed = [_failed(runtime, findings) for runtime in (TORCH, EXPORTED)]
        if all(failed):
            yield " or ".join(" with ".join(names) for names in failed)
    yield from _failed(use.checks, findings)
    memory = board.model_memory_mb
    if use.needs_mb is None:
        return
    if memory is None and "torch-cuda" in findings:
        memory = gpu_memory_mb(findings["torch-cuda"].detail)
    needed = use.needs_mb()
    if memory is not None and needed > memory:
        yield f"{needed / 1e3:.1f} GB of memory, of which there are {memory / 1e3:.1f}"


def _failed(names: Iterable[str], findings: Mapping[str, Finding]) -> list[str]:
    return [name for name in names if findings[name].status != "ok"]


def _with_fix(
    finding: Finding, board: Board, uses: Sequence[str], findings: Mapping[str, Finding]
) -> Finding:
    """The finding with the fix for this board; without one where the other runtime does."""
    if finding.status == "broken" and finding.name in NARROW and board.is_jetson and board.capability:
        return replace(finding, fix=build_bitsandbytes(board.capability))
    plainly = {name for use in uses for name in USES[use].checks}
    for mine, other in ((TORCH, EXPORTED), (EXPORTED, TORCH)):
        if uses and finding.name in mine and finding.name not in plainly and not _failed(other, findings):
            return replace(finding, fix=None)
    return finding


def _unproved(findings: Mapping[str, Finding]) -> list[str]:
    """Checks of bitsandbytes that failed, or ran on the CPU."""
    there = [findings[name] for name in NARROW if name in findings]
    return [
        each.name
        for each in there
        if each.status == "broken" or (each.status == "ok" and " on cpu" in each.detail)
    ]


def _cuda_of(findings: Mapping[str, Finding]) -> str | None:
    """CUDA that torch was built for, by its own files: whether its kernels run is another matter."""
    builds = [finding.build for finding in findings.values() if finding.build is not None]
    if not builds:
        return UNKNOWN
    return next((build.removeprefix("CUDA ") for build in builds if build.startswith("CUDA ")), None)
