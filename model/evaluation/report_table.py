"""The table of one benchmark: runs beside one another and beside the papers', as Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from model.evaluation.benchmark import Benchmark
from model.evaluation.summary import Difference, Result, difference


def overview(results: Mapping[str, Sequence[Result]]) -> list[str]:
    """Writes the headlines of all benchmarks.

    Args:
        results: Benchmark → its results, one for each run.

    Returns:
        Lines of a table with a row for each benchmark and run.
    """
    lines = ["| benchmark | figure | model | rows | 95 % interval |", "|---|---|---|---|---|"]
    for group in results.values():
        for one in group:
            name, benchmark = one.benchmark.headline, one.benchmark
            value = number(one.figures.get(name, math.nan), benchmark.scale_of(name))
            cells = (benchmark.title, f"{name} {value}", one.label, one.coverage, interval_text(one).strip())
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def shown(benchmark: Benchmark, results: Sequence[Result]) -> list[str]:
    """Chooses the figures of a table: those that the benchmark names, or all."""
    names = dict.fromkeys(name for result in results for name in result.figures)
    return [name for name in benchmark.figures_shown or names if name in names]


def markdown(results: Sequence[Result]) -> list[str]:
    """Writes the table of one benchmark.

    Args:
        results: Its results, at least one.

    Returns:
        Lines.
    """
    benchmark = results[0].benchmark
    names = shown(benchmark, results)
    lines = [f"## {benchmark.title}", "", benchmark.protocol, ""]
    lines += [f"| model | rows | {' | '.join(names)} |", "|" + "---|" * (len(names) + 2)]
    for result in results:
        cells = [number(result.figures.get(name, math.nan), benchmark.scale_of(name)) for name in names]
        if benchmark.headline in names:
            cells[names.index(benchmark.headline)] += interval_text(result)
        lines.append(f"| **{result.label}** ({result.run}) | {result.coverage} | {' | '.join(cells)} |")
    for model, figures in benchmark.published.items():
        if set(figures) & set(names):
            cells = [f"{figures[name]:g}" if name in figures else "" for name in names]
            lines.append(f"| {model} (published) | | {' | '.join(cells)} |")
    for result in results:
        for reason, count in result.main_problems:
            lines.append(
                f"\n{result.label}: {count:,} of {len(result.records):,} rows count as wrong: {reason}"
            )
    for other in results[1:]:
        lines.append("\n" + difference_text(results[0], other, difference(other, results[0])))
    return lines


def number(value: float, scale: float) -> str:
    """Writes a figure; a dash where it has no value."""
    return "–" if math.isnan(value) else f"{scale * value:.1f}" if scale != 1 else f"{value:.3f}"


def interval_text(result: Result) -> str:
    """Writes the interval of a headline."""
    low, high = result.interval
    scale = result.benchmark.scale_of(result.benchmark.headline)
    return "" if math.isnan(low) else f" [{number(low, scale)}, {number(high, scale)}]"


def difference_text(first: Result, other: Result, found: Difference | None) -> str:
    """Writes how far a run is ahead of the first one."""
    benchmark = first.benchmark
    if found is None:
        return f"{other.label} ({other.run}) and {first.label} ({first.run}) share no case of the same data."
    scale = benchmark.scale_of(benchmark.headline)
    ahead, low, high = (f"{scale * value:+.2f}" for value in (found.ahead, found.low, found.high))
    return (
        f"{other.label} ({other.run}) minus {first.label} ({first.run}), {benchmark.headline} of the "
        f"{found.pairs:,} rows that both scored: {ahead} [{low}, {high}]"
    )
