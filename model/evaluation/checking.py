"""Checks the folder of a data set before a run: rows, images, and how to get what is missing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from model.evaluation.benchmark import Benchmark
from model.evaluation.case_files import home_of
from molmo_act.errors import InputError


def check_data(benchmark: Benchmark, data: Path) -> bool:
    """Reads every row and every image of a data set, and prints what is wrong with it.

    Args:
        benchmark: The benchmark.
        data: Folder of the data sets.

    Returns:
        Whether every row can be asked.
    """
    try:
        cases = benchmark.cases(home_of(benchmark, data))
    except InputError as problem:
        print(f"{benchmark.name}: {problem}")
        return False
    problems: Counter[str] = Counter()
    for case in cases:
        if case.problem is not None:
            problems[case.problem] += 1
            continue
        try:
            case.read()
        except InputError as problem:
            problems[str(problem)] += 1
    bad = sum(problems.values())
    print(f"{benchmark.name}: {len(cases) - bad:,} of {len(cases):,} rows can be asked")
    if benchmark.official_rows not in (None, len(cases)):
        print(f"  the official set has {benchmark.official_rows:,} rows")
    for reason, number in problems.most_common(10):
        print(f"  {number:,}: {reason}")
    return bool(cases) and not bad
