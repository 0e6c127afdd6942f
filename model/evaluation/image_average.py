"""The average of the eleven general image sets, as the papers quote it, of runs that have all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from model.evaluation.benchmark import mean
from model.evaluation.benchmarks.image_figures import FIGURES
from model.evaluation.summary import Result

NAMES = (
    *("ai2d", "chartqa", "vqa2", "docvqa", "infovqa", "textvqa", "realworldqa", "mmmu", "mathvista"),
    *("countbench", "pixmo-count"),
)
"""The benchmarks, in the order of the published figures."""


def image_average(results: Mapping[str, Sequence[Result]]) -> list[str]:
    """Writes the averages.

    Args:
        results: Benchmark → its results, one for each run.

    Returns:
        A line for each run that has all eleven sets, then those of the papers; nothing where there is none.
    """
    if not all(name in results for name in NAMES):
        return []
    runs: dict[str, list[Result]] = {}
    for name in NAMES:
        for result in results[name]:
            runs.setdefault(str(result.run), []).append(result)
    whole = {run: found for run, found in runs.items() if len(found) == len(NAMES)}
    if not whole:
        return []
    lines = ["## Average of the eleven image sets", "", "| model | rows | average |", "|---|---|---|"]
    for run, found in whole.items():
        figures = [one.benchmark.scale * one.figures[one.benchmark.headline] for one in found]
        rows, scored = sum(int(one.header["rows"]) for one in found), sum(len(one.records) for one in found)
        covered = f"all {rows:,}" if rows == scored else f"{scored:,} of {rows:,}"
        lines.append(f"| **{found[0].label}** ({run}) | {covered} | {mean(figures):.1f} |")
    lines += [f"| {model} (published) | | {mean(figures):.1f} |" for model, figures in FIGURES.items()]
    return lines
