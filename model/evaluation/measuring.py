"""Measures a model on benchmarks whose data was read, in one process or as one of several."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model.evaluation.asking import Asker
from model.evaluation.benchmark import Benchmark, Case
from model.evaluation.case_files import home_of
from model.evaluation.identity import header, machine_of, model_identity
from model.evaluation.judges import open_judge
from model.evaluation.run_files import open_run
from model.evaluation.runner import Progress, choose, run_cases
from molmo_act.errors import InputError
from molmo_act.model_options import ModelOptions

Shard = tuple[int, int]
"""Number of a process, counted from 0, and how many there are."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A benchmark whose data was read."""

    benchmark: Benchmark
    home: Path
    cases: list[Case]


def own_shard(given: Shard | None) -> Shard:
    """Says which part is that of this process: the one given, or its number among those of torchrun.

    Raises:
        InputError: Both are there.
    """
    rank, size = os.environ.get("RANK"), os.environ.get("WORLD_SIZE")
    if rank is None or size is None:
        return given or (0, 1)
    if given is not None:
        raise InputError(
            "--shard was given under torchrun, which numbers its processes itself; leave it out."
        )
    return int(rank), int(size)


def on_own_device(options: ModelOptions) -> ModelOptions:
    """Each process of torchrun takes the GPU of its number, where there is one and none was named."""
    import torch

    local = os.environ.get("LOCAL_RANK")
    if local is None or options.device is not None or not torch.cuda.is_available():
        return options
    return replace(options, device=f"cuda:{int(local) % torch.cuda.device_count()}")


def prepare(benchmark: Benchmark, data: Path) -> Prepared:
    """Reads the rows of a benchmark.

    Args:
        benchmark: The benchmark.
        data: Folder of the data sets.

    Raises:
        InputError: The data is missing or damaged.
    """
    home = home_of(benchmark, data)
    cases = benchmark.cases(home)
    if not cases:
        raise InputError(f"{benchmark.title} in {home} has no rows. Download it again.")
    return Prepared(benchmark, home, cases)


def measure(
    prepared: Sequence[Prepared], options: ModelOptions, args: argparse.Namespace, shard: Shard
) -> None:
    """Loads the model once and runs every benchmark whose data was read.

    Args:
        prepared: The benchmarks.
        options: Which model, and how it is asked.
        args: ``out``, ``limit``, ``batch``, ``resume``, ``propagator`` and ``propagator_weights``.
        shard: Part of this process.

    Raises:
        MolmoActError: The model cannot be loaded or asked, or the folder not be written.
    """
    judge = open_judge(args.judge)  # before anything is loaded
    model = options.load()
    tools = {"propagator": args.propagator, "weights": args.propagator_weights, "judge": judge}
    asker = Asker(model, options, **tools)
    for one in prepared:
        asker.check(one.benchmark)
    identity, machine = model_identity(model, options), machine_of(model)
    for one in prepared:
        chosen = choose(one.cases, limit=args.limit, shard=(0, 1))
        cases = choose(one.cases, limit=args.limit, shard=shard)
        about = header(one.benchmark, asker, identity, machine, one.cases, one.home, len(chosen))
        with (
            open_run(args.out, about, shard=shard, resume=args.resume) as (writer, done),
            _bar(one.benchmark.name, len(cases)) as show,
        ):
            progress = run_cases(one.benchmark, asker, cases, writer, done, batch=args.batch, report=show)
        _print_end(one, progress)


@contextmanager
def _bar(name: str, total: int) -> Iterator[Any]:
    """Shows progress on stderr: a line that is written anew on a terminal, else one every ten seconds."""
    last = time.monotonic()
    live = sys.stderr.isatty()

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if not live and now - last < 10 and progress.done < total:
            return
        last = now
        problems = sum(progress.problems.values())
        text = f"{name}: {progress.done} of {total}, {problems} with a problem, {duration(progress.eta)} left"
        print(f"\r{text}\033[K" if live else text, end="" if live else "\n", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        if live:
            print(file=sys.stderr)


def duration(seconds: float) -> str:
    """Writes seconds as people read them; "?" for NaN."""
    if seconds != seconds:
        return "?"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60:02d} min" if hours else f"{rest // 60} min {rest % 60:02d} s"


def _print_end(one: Prepared, progress: Progress) -> None:
    print(f"{one.benchmark.name}: {progress.done} of {progress.total} cases scored")
    for reason, number in progress.problems.most_common(5):
        print(f"  {number}: {reason}")
