"""Runs one benchmark: asks what is not scored yet in batches, and writes every answer as it comes."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from model.evaluation.benchmark import Benchmark, Case, Prediction, Record, Scores, printable
from model.evaluation.run_files import Writer
from molmo_act.errors import ImageError, InputError, QueryError

BATCH = 4
HOPELESS = 10
"""So many cases from the beginning that the model refuses, and not one that it answers, end a run."""


@dataclass
class Progress:
    """What happened so far.

    Attributes:
        total: Cases of this process.
        done: Cases that were scored, those of an earlier run included.
        problems: How many cases could not be asked, by the reason.
        seconds: What the cases of this run took.
        asked: Cases of this run.
    """

    total: int
    done: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    asked: int = 0

    @property
    def eta(self) -> float:
        """Seconds that the rest takes at the pace of this run; NaN before the first case."""
        return self.seconds / self.asked * (self.total - self.done) if self.asked else math.nan


def choose(cases: Sequence[Case], *, limit: int | None, shard: tuple[int, int]) -> list[Case]:
    """Chooses the cases of this process.

    Args:
        cases: All cases of the data set.
        limit: At most so many in all processes, spread evenly over the data set, whose rows come sorted by
            kind; None for all.
        shard: Number of this process, and how many there are.

    Returns:
        Cases in the order of the data set.
    """
    number, count = shard
    if limit is not None and limit < len(cases):
        cases = [cases[index * len(cases) // limit] for index in range(limit)]
    return list(cases[number::count])


def run_cases(
    benchmark: Benchmark,
    asker: Any,
    cases: Sequence[Case],
    writer: Writer,
    done: set[int],
    *,
    batch: int = BATCH,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Scores the cases that are not scored yet.

    Args:
        benchmark: The benchmark.
        asker: Asks the model, see `Benchmark.ask`.
        cases: The cases of this process.
        writer: Where records go.
        done: Cases that are scored already.
        batch: How many cases are asked at once.
        report: Is told of the progress after each batch.

    Returns:
        What happened.

    Raises:
        InputError: The model refuses every case.
        PlatformError: Memory ran out; what was scored before is written.
    """
    open_cases = [case for case in cases if case.index not in done]
    progress = Progress(len(cases), len(cases) - len(open_cases))
    answered = False
    for first in range(0, len(open_cases), batch):
        began = time.perf_counter()
        records = list(_records(benchmark, asker, open_cases[first : first + batch]))
        writer.add(records)
        progress.seconds += time.perf_counter() - began
        progress.asked += len(records)
        progress.done += len(records)
        progress.problems.update(one.problem for one in records if one.problem is not None)
        answered |= any(one.prediction is not None for one in records)
        refused = {why for why in progress.problems if why.startswith(_REFUSED)}
        if not answered and sum(progress.problems[why] for why in refused) >= HOPELESS:
            raise InputError(f"The model answered none of the first {progress.asked} cases: {min(refused)}")
        report(progress)
    return progress


_REFUSED = "the model refuses it: "


def _records(benchmark: Benchmark, asker: Any, cases: Sequence[Case]) -> Iterator[Record]:
    began = time.perf_counter()
    problems: dict[int, str] = {case.index: case.problem for case in cases if case.problem is not None}
    shown: dict[int, Any] = {}
    for case in cases:
        if case.index not in problems:
            try:
                shown[case.index] = case.read()
            except InputError as reason:  # SkippedRow and ImageError among them
                problems[case.index] = str(reason)
    ready = [case for case in cases if case.index in shown]
    answers = _ask(benchmark, asker, ready, [shown[case.index] for case in ready], problems)
    seconds = (time.perf_counter() - began) / max(1, len(cases))
    for case in cases:
        yield _scored(benchmark, case, answers.get(case.index), problems.get(case.index), seconds)


def _ask(
    benchmark: Benchmark, asker: Any, cases: Sequence[Case], shown: Sequence[Any], problems: dict[int, str]
) -> dict[int, Prediction]:
    """Answers by case; where a batch fails because of one case, they are asked one by one."""
    if not cases:
        return {}
    try:
        found = benchmark.ask(asker, cases, shown)
        return {case.index: one for case, one in zip(cases, found, strict=True)}
    except (QueryError, ImageError, InputError) as reason:
        if len(cases) == 1:
            problems[cases[0].index] = _REFUSED + " ".join(str(reason).split())
            return {}
    answers: dict[int, Prediction] = {}
    for case, one in zip(cases, shown, strict=True):
        answers |= _ask(benchmark, asker, [case], [one], problems)
    return answers


def _scored(
    benchmark: Benchmark, case: Case, answer: Prediction | None, problem: str | None, seconds: float
) -> Record:
    scores: Scores = {}
    if answer is not None:
        try:
            if _finite(answer) is not answer:
                raise ValueError("a point is not finite")
            scores = benchmark.score(case, answer)
            _check_finite(scores)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as reason:
            problem = f"it cannot be scored ({type(reason).__name__}: {reason})"
    if problem is not None:
        problem, scores = printable(problem), benchmark.missed(case)
    kept = None if answer is None else _finite(answer)
    return Record(case.index, scores, case.groups, problem, kept, seconds)


def _finite(answer: Prediction) -> Prediction:
    """An answer as JSON holds it: one with a point that is no number has no points."""
    if all(math.isfinite(value) for point in answer.points for value in point):
        return answer
    return replace(answer, points=())


def _check_finite(scores: Scores) -> None:
    for name, value in scores.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{name} is {value}")
