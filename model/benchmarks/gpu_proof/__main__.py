"""Proves the project on a GPU, without a network, in at most eight minutes on an H200.

`make gpu-proof` runs the GPU tests, compares captured graphs with the slow path, measures models of random
weights in the released shapes, and tries the drift gate, training, an exported model and a stream. Each part
is a process with its own time limit. After each, OUT/gpu_proof.json and OUT/gpu_proof.md (a table for
docs/speed.md) are replaced, so that what is cut off loses nothing; OUT/parts has what each part printed.
`--rehearse` runs all of it on the CPU with small shapes, and proves nothing but that it runs. Exit status: 0
when every part is done, 1 when one failed, was cut off or did not run, 2 when nothing could begin.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from model._cli import command, make_parser
from model.benchmarks.gpu_proof.parts import BUDGET_S, Part, list_parts, needed_bytes
from model.benchmarks.gpu_proof.report import TABLE_FILE, proved, table, write_report
from model.benchmarks.gpu_proof.running import Outcome, run_parts
from molmo_act.errors import InputError, PlatformError
from molmo_act.validation import check_number

ROOT = Path(__file__).parents[3]


def main() -> int:
    """Command line; returns the exit status."""
    parser = make_parser(__doc__, prog="python -m model.benchmarks.gpu_proof")
    parser.add_argument("--rehearse", action="store_true", help="on the CPU, with small shapes")
    parser.add_argument("--out", type=Path, default=Path("out/gpu_proof"), help="default: %(default)s")
    parser.add_argument(
        "--scratch",
        type=Path,
        help="for checkpoints of random weights meanwhile, 28 GB (default: /tmp)",
    )
    parser.add_argument(
        "--patience", type=float, default=1.0, metavar="N", help="times the time limits, for a busy machine"
    )
    parser.add_argument("--only", nargs="+", metavar="PART", help="parts by name, and what they need")
    args = parser.parse_args()
    result: list[bool] = []

    @command
    def prove() -> None:
        check_number("patience", args.patience, least=1, what="times the time limits")
        if not args.rehearse:
            _require_cuda()
        with tempfile.TemporaryDirectory(prefix="gpu-proof-", dir=args.scratch) as scratch:
            parts = _chosen(list_parts(Path(scratch), rehearsal=args.rehearse), args.only)
            _require_room(Path(scratch), needed_bytes(parts))
            result.append(_prove(parts, args.out, args.patience, rehearsal=args.rehearse))

    return prove() or int(not result[0])


def _prove(parts: Sequence[Part], out: Path, patience: float, *, rehearsal: bool) -> bool:
    """Runs the parts, prints the table, and says whether all are done."""
    logs = out / "parts"
    logs.mkdir(parents=True, exist_ok=True)
    about: dict[str, Any] = {"date": time.strftime("%Y-%m-%d %H:%M"), "commit": _commit()}
    about |= {"rehearsal": rehearsal, "seconds_allowed": BUDGET_S * patience}
    began = time.monotonic()
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        outcomes = run_parts(
            [replace(part, limit_s=part.limit_s * patience) for part in parts],
            logs,
            budget_s=BUDGET_S * patience,
            jobs=2 if rehearsal else 4,
            threads=1 if rehearsal else None,
            tell=partial(_tell, out, about),
        )
    finally:
        signal.signal(signal.SIGTERM, previous)
    about["seconds"] = round(time.monotonic() - began, 1)
    write_report(out, about, outcomes)
    done = sum(outcome.status == "done" for outcome in outcomes)
    print(table(outcomes))
    print(f"{done} of {len(outcomes)} parts done in {about['seconds']} s; {out / TABLE_FILE}")
    return proved(outcomes)


def _tell(out: Path, about: dict[str, Any], outcomes: Sequence[Outcome]) -> None:
    write_report(out, about, outcomes)
    ended = [one for one in outcomes if one.status not in ("waiting", "running")]
    running = ", ".join(one.part.name for one in outcomes if one.status == "running") or "nothing"
    undone = "".join(f"; {one.part.name}: {one.status}" for one in ended if one.status != "done")
    print(f"{len(ended)} of {len(outcomes)} parts ended{undone}; running: {running}", file=sys.stderr)


def _chosen(parts: Sequence[Part], names: Sequence[str] | None) -> list[Part]:
    if names is None:
        return list(parts)
    known = {part.name: part for part in parts}
    for name in names:
        if name not in known:
            raise InputError(f"--only has {name!r}; expected some of {', '.join(map(repr, known))}.")
    wanted = {*names, *(known[name].needs for name in names)}
    return [part for part in parts if part.name in wanted]


def _require_cuda() -> None:
    import torch

    if not torch.cuda.is_available():
        raise PlatformError(
            "There is no CUDA device that torch can use; expected one. `molmo-act doctor` says what is "
            "missing; --rehearse runs the same parts on the CPU."
        )


def _require_room(scratch: Path, needed: int) -> None:
    free = shutil.disk_usage(scratch).free
    if free < needed:
        raise InputError(
            f"{scratch.parent} has {free / 1e9:.0f} GB free; the checkpoints of random weights need "
            f"{needed / 1e9:.0f} GB. Give another folder with --scratch."
        )


def _commit() -> str | None:
    """The commit of the working tree, where git knows."""
    try:
        words = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


if __name__ == "__main__":
    sys.exit(main())
