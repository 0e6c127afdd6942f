"""`python -m model.evaluation report RUN…`: the figures of runs beside one another and beside the papers'.

    python -m model.evaluation report out/8b out/8b-nf4 --page out/report.html

Every figure says of how many rows it is. Rows that could not be asked count as wrong, and are listed.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

from model.evaluation.image_average import image_average
from model.evaluation.registry import BENCHMARKS
from model.evaluation.report_table import markdown, overview
from model.evaluation.run_files import files_of, read_file
from model.evaluation.summary import Result, read_result
from molmo_act.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run (its --out)")
    parser.add_argument("--page", type=Path, metavar="HTML", help="write a page with images and worst cases")


def run(args: argparse.Namespace) -> None:
    """Prints a table for each benchmark, and one line of JSON last.

    Raises:
        InputError: A folder holds no run, or a damaged one.
    """
    results = collect(args.runs)
    print("\n".join(overview(results)) + "\n")
    for group in results.values():
        print("\n".join(markdown(group)) + "\n")
    if average := image_average(results):
        print("\n".join(average) + "\n")
    if args.page is not None:
        from model.evaluation.report_page import write_page

        write_page(args.page, list(results.values()))
        print(f"page: {args.page}")
    print(json.dumps(summary(results)))


def collect(runs: Sequence[Path]) -> dict[str, list[Result]]:
    """Reads runs.

    Args:
        runs: Their folders.

    Returns:
        Benchmark → its results, in the order of the runs.

    Raises:
        InputError: A folder holds no run, or a damaged one.
    """
    found: dict[str, list[Result]] = {}
    for folder in runs:
        names = {about["benchmark"] for path in files_of(folder) if (about := read_file(path)[0])}
        if not names:
            raise InputError(
                f"{folder} holds no run; expected the --out of `python -m model.evaluation run`."
            )
        unknown = names - set(BENCHMARKS)
        if unknown:
            raise InputError(
                f"{folder} has results of {', '.join(sorted(unknown))}, which is no benchmark here."
            )
        for name in (name for name in BENCHMARKS if name in names):
            found.setdefault(name, []).append(read_result(folder, BENCHMARKS[name]))
    return {name: found[name] for name in BENCHMARKS if name in found}


def summary(results: dict[str, list[Result]]) -> dict[str, object]:
    """Gives the figures as JSON holds them."""
    return {
        name: [
            {
                "run": str(result.run),
                "model": result.header["model"],
                "machine": result.header.get("machine"),
                "rows": result.header["rows"],
                "scored": len(result.records),
                "problems": dict(result.main_problems),
                "figures": {
                    key: None if math.isnan(value) else round(value, 6)
                    for key, value in result.figures.items()
                },
                "interval": [None if math.isnan(end) else round(end, 6) for end in result.interval],
            }
            for result in group
        ]
        for name, group in results.items()
    }
