"""Writes the tables of docs/jetson.md: what `molmo-act plan` expects of released shapes on Jetson boards.

`python -m model.benchmarks.board_plans` plans random configurations in the released shapes, and nano, for
every board that `molmo-act plan --board` knows. Memory and bandwidth are those of the data sheets; nothing is
run. `molmo-act plan CONFIG --board BOARD` says the same of one of them. An Orin runs exports alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from model._cli import make_parser
from model.benchmarks._random_models import SIZES
from molmo_act.cli.plan import BOARDS
from molmo_act.doctor.board import Board, Module
from molmo_act.doctor.plan import Plan, Row, make_plan
from molmo_act.pointing.load import NANO

MODELS = ("MolmoPoint-8B", "MolmoPoint-Vid-4B")
TORCH = ("bfloat16", "int8", "nf4")
EXPORTED = ("export fp16", "export int8", "export int4")
CROPS, MOST_CROPS = 8, 48


def configurations() -> Iterator[tuple[str, dict[str, Any], tuple[int, int]]]:
    """Name, content of config.json and margins of crops of each model."""
    for name in MODELS:
        yield name, SIZES[name]().to_dict(), (4, 4)
    margins = json.loads((NANO / "preprocessor_config.json").read_text("utf-8"))["overlap_margins"]
    yield "nano", json.loads((NANO / "config.json").read_text("utf-8")), tuple(margins)


def rows_of(plan: Plan) -> Mapping[str, Row]:
    """The rows of a plan by precision."""
    return {row.precision: row for row in plan.rows}


def memory_lines() -> Iterator[str]:
    """What each model takes, wherever it runs."""
    yield f"| model | precision | weights, GB | peak, {CROPS} crops, GB | peak, {MOST_CROPS} crops, GB |"
    yield "|---|---|---|---|---|"
    for name, config, margins in configurations():
        few, many = (
            rows_of(make_plan(config, memory_mb=1e6, crops=crops, margins=margins))
            for crops in (CROPS, MOST_CROPS)
        )
        for precision in TORCH + EXPORTED:
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
        for precision in EXPORTED if module.capability == "8.7" else TORCH + EXPORTED:
            cells = " | ".join(_cell(plan[precision]) for plan in plans)
            yield f"| {module.name.removeprefix('Jetson ')} | {module.memory_gb} | {precision} | {cells} |"


def _plan(config: dict[str, Any], margins: tuple[int, int], module: Module) -> Plan:
    memory_mb = Board(module=module).model_memory_mb
    assert memory_mb is not None
    return make_plan(
        config,
        memory_mb=memory_mb,
        crops=MOST_CROPS,
        margins=margins,
        bytes_per_s=1e9 * module.bandwidth_gb_s,
    )


def _cell(row: Row) -> str:
    if not row.max_crops:
        return "no"
    assert row.point_ms is not None
    time = "fits" if row.point_ms < 1 else f"{row.point_ms:.0f} ms"
    crops = "1 crop" if row.max_crops == 1 else f"{row.max_crops} crops"
    return time if row.fits else f"{time}, {crops}"


def main() -> None:
    """Command line."""
    make_parser(__doc__).parse_args()
    for line in (*memory_lines(), "", *board_lines()):
        print(line)


if __name__ == "__main__":
    main()
