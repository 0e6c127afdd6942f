"""Reads the plain-text tables of this folder; knows nothing of what they mean."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "tables"


def table_lines(name: str) -> list[str]:
    """Lines of a table, without comments and empty ones.

    Args:
        name: File name below `model/data/tables`.
    """
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def table_sections(name: str) -> dict[str, list[str]]:
    """Lines of a table below each `[heading]`, without comments and empty ones.

    Args:
        name: File name below `model/data/tables`.
    """
    sections: dict[str, list[str]] = {}
    heading = ""
    for line in table_lines(name):
        if line.startswith("[") and line.endswith("]"):
            heading = line[1:-1]
        else:
            sections.setdefault(heading, []).append(line)
    return sections
