"""Writes the tables of docs/jetson.md: what `molmo-act plan` expects of released shapes on Jetson boards.

`python -m model.benchmarks.board_plans` plans random configurations in the released shapes, and nano, for
every board that `molmo-act plan --board` knows. Memory and bandwidth are those of the data sheets; nothing is
run. `molmo-act plan CONFIG --board BOARD --memory … --compute …` says the same, with compute without bound.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from model._cli import make_parser
from model.benchmarks._random_models import SIZES
from molmo_act.cli.plan import BOARDS
from molmo_act.doctor.board import Module
from molmo_act.doctor.plan import Plan, Row, make_plan
from molmo_act.pointing.load import NANO

MODELS = ("MolmoPoint-8B", "MolmoPoint-Vid-4B")
PRECISIONS = ("bfloat16", "int8", "nf4")
CROPS, MOST_CROPS = 8, 48
SYSTEM_GB = 1.5  # of a board's memory that Linux and ROS take without a desktop, about
NO_BOUND = 1e30  # operations a second: times are then those of reading the weights


def configurations() -> Iterator[tuple[str, dict[str, Any], tuple[int, int]]]:
    """Name, content of config.json and margins of crops of each model."""
    for name in MODELS:
        yield name, SIZES[name]().to_dict(), (4, 4)
    margins = json.loads((NANO / "preprocessor_config.json").read_text("utf-8"))["overlap_margins"]
    yield "nano", json.loads((NANO / "config.json").read_text("utf-8")), tuple(margins)


def rows_of(plan: Plan) -> Mapping[str, Row]:
    """The rows of a plan by precision."""
    return {row.precision: row for row in plan.rows if row.precision in PRECISIONS}


def memory_lines() -> Iterator[str]:
    """What each model takes, wherever it runs."""
    yield f"| model | precision | weights, GB | peak, {CROPS} crops, GB | peak, {MOST_CROPS} crops, GB |"
    yield "|---|---|---|---|---|"
    for name, config, margins in configurations():
        few, many = (
            rows_of(make_plan(config, memory_mb=1e6, crops=crops, margins=margins))
            for crops in (CROPS, MOST_CROPS)
        )
        for precision in PRECISIONS:
            weights, peaks = few[precision].weights_mb, (few[precision].peak_mb, many[precision].peak_mb)
            sizes = " | ".join(f"{peak / 1e3:.1f}" for peak in peaks)
            yield f"| {name} | {precision} | {weights / 1e3:.2f} | {sizes} |"


def board_lines() -> Iterator[str]:
    """What fits on each board: milliseconds of a point at least, and crops of an image where not all fit."""
    models = list(configurations())
    yield f"| board | memory, GB | precision | {' | '.join(name for name, *_ in models)} |"
    yield "|---|---|---|" + "---|" * len(models)
    for module in sorted(set(BOARDS.values()), key=lambda one: (one.memory_gb, one.bandwidth_gb_s)):
        plans = [rows_of(_plan(config, margins, module)) for _, config, margins in models]
        for precision in PRECISIONS:
            cells = " | ".join(_cell(plan[precision]) for plan in plans)
            yield f"| {module.name.removeprefix('Jetson ')} | {module.memory_gb} | {precision} | {cells} |"


def _plan(config: dict[str, Any], margins: tuple[int, int], module: Module) -> Plan:
    return make_plan(
        config,
        memory_mb=1e3 * (module.memory_gb - SYSTEM_GB),
        crops=MOST_CROPS,
        margins=margins,
        bytes_per_s=1e9 * module.bandwidth_gb_s,
        flops_per_s=NO_BOUND,
    )


def _cell(row: Row) -> str:
    if not row.max_crops:
        return "no"
    assert row.point_ms is not None
    time = "fits" if row.point_ms < 1 else f"{row.point_ms:.0f} ms"
    return time if row.fits else f"{time}, {row.max_crops} crops"


def main() -> None:
    """Command line."""
    make_parser(__doc__).parse_args()
    for line in (*memory_lines(), "", *board_lines()):
        print(line)


if __name__ == "__main__":
    main()
