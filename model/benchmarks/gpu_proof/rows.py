"""What a part of the proof measured: one line of JSON each, printed at once."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from model._cli import make_parser
from molmo_act.doctor.machine import flops_per_second


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        measured: What was measured, in words.
        value: What was found, with its unit.
        anchor: What to hold it against: a floor of this machine, or a figure of somebody else.
        passed: Whether it is as it has to be; None where nothing has to be.
    """

    measured: str
    value: str
    anchor: str = ""
    passed: bool | None = None

    def print(self) -> None:
        """Prints the row, so that it is kept even if the process is killed right behind."""
        print(json.dumps({"row": asdict(self)}), flush=True)


def read_rows(log: Path) -> list[Row]:
    """Reads the rows that a part has printed so far, among whatever else it and its libraries printed."""
    return list(_rows(log.read_text(encoding="utf-8", errors="replace"))) if log.exists() else []


def _rows(text: str) -> Iterator[Row]:
    for line in text.splitlines():
        if line.startswith('{"row": '):
            try:
                yield Row(**json.loads(line)["row"])
            except (ValueError, TypeError):  # half a line of a process that was killed
                continue


def dtype_of(args: argparse.Namespace) -> torch.dtype:
    """bfloat16; float32 in a rehearsal, since many CPUs multiply bfloat16 a hundred times slower."""
    return torch.float32 if args.small else torch.bfloat16


def roofline(args: argparse.Namespace) -> float:
    """Floating-point operations a second of a large matrix product; of a small one in a rehearsal."""
    return flops_per_second(args.device, dtype_of(args), 256 if args.small else None)


def part_parser(description: str | None) -> argparse.ArgumentParser:
    """Makes the parser of a part's program: ``--device``, and ``--small`` for a rehearsal."""
    parser = make_parser(description)
    parser.add_argument("--device", type=torch.device, default=torch.device("cuda"))
    parser.add_argument("--small", action="store_true", help="small shapes and few rounds, for a rehearsal")
    return parser
