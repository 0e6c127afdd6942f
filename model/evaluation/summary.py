"""What a run says of a benchmark: its figures, how sure they are, and how two runs differ."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.evaluation.benchmark import Benchmark, Record
from model.evaluation.run_files import Header, read_run

RESAMPLES = 1000
REASONS = 10
SEED = 20_261_201


@dataclass(frozen=True, eq=False)
class Result:
    """A benchmark of one run.

    Attributes:
        run: Folder of the run.
        benchmark: The benchmark.
        header: What was measured.
        records: Its scored cases.
        figures: The figures over all of them.
        interval: Bootstrap interval of the headline, 2.5 and 97.5 per cent; NaN where it has no value.
    """

    run: Path
    benchmark: Benchmark
    header: Header
    records: list[Record]
    figures: dict[str, float]
    interval: tuple[float, float]

    @property
    def label(self) -> str:
        """What the model of the run is called, with its quantization."""
        model = self.header["model"]
        parts = [str(model["name"])] + [
            str(model[key]) for key in ("quantization", "reader") if model.get(key)
        ]
        return " ".join(parts)

    @property
    def coverage(self) -> str:
        """How many of all rows were scored: "400 of 1,581", "all 1,581"."""
        rows, scored = int(self.header["rows"]), len(self.records)
        text = f"all {rows:,}" if scored == rows else f"{scored:,} of {rows:,}"
        official = self.benchmark.official_rows
        return text if official in (None, rows) else f"{text} (official: {official:,})"

    @property
    def main_problems(self) -> list[tuple[str, int]]:
        """The most frequent reasons, with how many rows each; the rest together, as the last one."""
        counted = self.problems.most_common()
        rest = sum(number for _, number in counted[REASONS:])
        return counted[:REASONS] + ([("other reasons", rest)] if rest else [])

    @property
    def problems(self) -> Counter[str]:
        """How many rows could not be asked or scored, by the reason; they count as wrong."""
        return Counter(one.problem for one in self.records if one.problem is not None)


def read_result(run: Path, benchmark: Benchmark) -> Result:
    """Reads what a run has of a benchmark.

    Args:
        run: Folder of the run.
        benchmark: The benchmark.

    Raises:
        InputError: See `read_run`; or no case is scored yet.
    """
    header, records = read_run(run, benchmark.name)
    figures = benchmark.figures(records) if records else {}
    return Result(run, benchmark, header, records, figures, interval(benchmark, records))


def interval(benchmark: Benchmark, records: Sequence[Record]) -> tuple[float, float]:
    """Computes the 95 % bootstrap interval of the headline: cases are drawn with replacement.

    Args:
        benchmark: The benchmark.
        records: The scored cases.

    Returns:
        Its ends; NaN where the headline has no value.
    """
    if len(records) < 2:
        return math.nan, math.nan
    rng = np.random.default_rng(SEED)
    values = [
        _headline(benchmark, [records[index] for index in rng.integers(len(records), size=len(records))])
        for _ in range(RESAMPLES)
    ]
    return _quantiles(values)


def _headline(benchmark: Benchmark, records: Sequence[Record]) -> float:
    return float(benchmark.figures(records).get(benchmark.headline, math.nan))


def _quantiles(values: Sequence[float]) -> tuple[float, float]:
    finite = np.asarray(values, float)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return math.nan, math.nan
    low, high = np.quantile(finite, [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True)
class Difference:
    """How far a run is ahead of another one on the cases that both scored.

    Attributes:
        ahead: Headline of the one minus that of the other.
        low: Lower end of the 95 % bootstrap interval, drawn over pairs.
        high: Upper end.
        pairs: Cases that both scored.
    """

    ahead: float
    low: float
    high: float
    pairs: int


def difference(one: Result, other: Result) -> Difference | None:
    """Compares two runs of a benchmark case by case.

    Args:
        one: A run.
        other: Another one.

    Returns:
        The difference; None where the runs are of other data, or share no case.
    """
    if one.header["data_sha256"] != other.header["data_sha256"]:
        return None
    theirs = {record.index: record for record in other.records}
    pairs = [(record, theirs[record.index]) for record in one.records if record.index in theirs]
    if not pairs:
        return None
    ours, others = map(list, zip(*pairs, strict=True))
    benchmark, rng = one.benchmark, np.random.default_rng(SEED)
    ahead = _headline(benchmark, ours) - _headline(benchmark, others)
    drawn = []
    for _ in range(RESAMPLES):
        index = rng.integers(len(pairs), size=len(pairs))
        drawn.append(
            _headline(benchmark, [ours[i] for i in index]) - _headline(benchmark, [others[i] for i in index])
        )
    return Difference(ahead, *_quantiles(drawn), len(pairs))
