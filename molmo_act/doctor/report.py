"""The whole examination of a machine: its board, checks, traps, and whether they suffice for a use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from molmo_act.doctor.board import Board, read_board
from molmo_act.doctor.checks import CHECKS
from molmo_act.doctor.finding import Finding
from molmo_act.doctor.isolation import run_isolated
from molmo_act.doctor.traps import Trap, find_traps
from molmo_act.errors import InputError

USES: Mapping[str, tuple[str, ...]] = {
    "library": ("torch-cpu", "transformers"),
    "video": ("torch-cpu", "transformers", "video", "opencv"),
    "ros": ("torch-cpu", "transformers", "rclpy", "interfaces", "opencv"),
    "gui": ("torch-cpu", "transformers", "session", "capture", "input", "clipboard"),
    "mcp": ("torch-cpu", "transformers", "session", "capture", "input", "mcp"),
    "gpu": ("torch-cuda", "cuda-graph", "transformers"),
    "nf4": ("torch-cpu", "transformers", "nf4"),
    "int8": ("torch-cpu", "transformers", "int8"),
    "onnx": ("onnxruntime",),
    "8b-nf4": ("torch-cuda", "cuda-graph", "transformers", "nf4"),
}
"""What can be asked for, and the checks that must be "ok" for it."""


@dataclass(frozen=True)
class Report:
    """What an examination found.

    Attributes:
        board: The machine.
        findings: Of the checks, in their order.
        traps: Known traps that this machine is in.
        uses: What was asked for, and which of its checks failed; empty for those that work.
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
    wanted = {name for use in uses for name in USES[use]}
    names = [name for name in CHECKS if name in wanted or not uses]
    findings = {name: run(name) for name in told(names)}
    board = read_board() if board is None else board
    versions = {CHECKS[name].package: finding.version for name, finding in findings.items()}
    return Report(
        board=board,
        findings=list(findings.values()),
        traps=find_traps(board, versions, _cuda_of(findings)),
        uses={use: [name for name in USES[use] if findings[name].status != "ok"] for use in uses},
    )


def _cuda_of(findings: Mapping[str, Finding]) -> str | None:
    """CUDA that torch was built for, as its check told."""
    told = re.search(r"CUDA (\d[\d.]*)", findings["torch-cuda"].detail) if "torch-cuda" in findings else None
    return None if told is None else told[1]
