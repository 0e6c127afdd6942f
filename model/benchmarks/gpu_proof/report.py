"""The report of a proof: one JSON file and one Markdown table, replaced whole whenever a part has ended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model.benchmarks.gpu_proof.running import Outcome
from molmo_act.io.atomic import atomic_file

JSON_FILE, TABLE_FILE = "gpu_proof.json", "gpu_proof.md"


def write_report(folder: Path, about: Mapping[str, Any], outcomes: Sequence[Outcome]) -> None:
    """Writes both files.

    Args:
        folder: Where.
        about: What the proof as a whole is about: date, commit, whether it is a rehearsal.
        outcomes: Of all parts, those that have not begun as well.
    """
    parts = [asdict(outcome) for outcome in outcomes]
    with atomic_file(folder / JSON_FILE) as path:
        path.write_text(json.dumps({**about, "parts": parts}, indent=1) + "\n", encoding="utf-8")
    with atomic_file(folder / TABLE_FILE) as path:
        path.write_text(table(outcomes), encoding="utf-8")


def table(outcomes: Sequence[Outcome]) -> str:
    """The table: a line for each measurement, and one for each part that is not done."""
    lines = ["| part | measured | found | to hold it against |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(map(_cell, cells))} |" for outcome in outcomes for cells in _lines(outcome)]
    return "\n".join(lines) + "\n"


def proved(outcomes: Sequence[Outcome]) -> bool:
    """Whether all parts are done."""
    return all(outcome.status == "done" for outcome in outcomes)


def _lines(outcome: Outcome) -> Iterator[tuple[str, str, str, str]]:
    name = outcome.part.name
    if outcome.status != "done":
        yield name, f"**{outcome.status}**", outcome.detail, f"may take {outcome.part.limit_s:g} s"
    for row in outcome.rows:
        found = f"**{row.value}**" if row.passed is False else row.value
        yield name, row.measured, found, row.anchor


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
