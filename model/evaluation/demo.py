"""`python -m model.evaluation run --demo`: every benchmark on generated stand-ins, and a report.

The stand-ins have the schema of the real data sets, so the whole way from files to figures is run; they
say nothing of a model's rank. Where a benchmark asks in words and nano is measured, which was taught to point
alone, a copy of it is asked that says it answers: what it says is no answer, and scores like none.
"""

from __future__ import annotations

import argparse
import copy
import json
import shutil
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import numpy as np

from model.evaluation.benchmark import Benchmark
from model.evaluation.measuring import measure, own_shard, prepare
from model.evaluation.registry import benchmarks_named
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_folder
from molmo_act.model_options import ModelOptions
from molmo_act.pointing.load import NANO

ROWS = 8
SEED = 20_261_201


def make_standin(benchmark: Benchmark, data: Path, rows: int = ROWS) -> Path:
    """Makes the stand-in of a data set, once.

    Args:
        benchmark: The benchmark.
        data: Folder of all stand-ins.
        rows: About how many rows.

    Returns:
        Its folder.
    """
    home = data / benchmark.folder
    if not home.is_dir():
        rng = np.random.default_rng([SEED, crc32(benchmark.folder.encode())])
        with atomic_folder(home) as unfinished:
            benchmark.write_standins(unfinished, rng, rows)
    return home


def run_demo(args: argparse.Namespace, options: ModelOptions) -> None:
    """Makes stand-ins, runs benchmarks on them, and writes the page of the report.

    Args:
        args: The arguments of `run_command`; `data` is where stand-ins are made.
        options: Which model; without ``--prompt``, nano is asked by its own template.

    Raises:
        MolmoActError: See `run_command.measure`.
    """
    if args.check:
        raise InputError("--check and --demo were given; expected one of them: stand-ins are whole.")
    benchmarks = benchmarks_named(args.benchmarks or ["all"])
    out: Path = args.out
    args = copy.copy(args)
    data = args.data or out / "standins"
    for benchmark in benchmarks:
        make_standin(benchmark, data, args.limit or ROWS)
    bundled = options.checkpoint is None
    if bundled and options.prompt is None:
        options = replace(options, prompt="point")
    for words in (False, True):
        prepared = [prepare(one, data) for one in benchmarks if (one.asks == "words") == words]
        if not prepared:
            continue
        args.out = out / ("words" if words and bundled else "run")
        measure(prepared, answering(options, out) if words and bundled else options, args, own_shard(None))
    _report(out)


def answering(options: ModelOptions, folder: Path) -> ModelOptions:
    """Makes a copy of nano that lets itself be asked in words."""
    checkpoint = folder / "nano-asked-in-words"
    if not checkpoint.is_dir():
        with atomic_folder(checkpoint) as unfinished:
            shutil.copytree(NANO, unfinished, dirs_exist_ok=True)
            config = unfinished / "config.json"
            said = json.loads(config.read_text(encoding="utf-8"))
            config.write_text(json.dumps({**said, "answers_questions": True}), encoding="utf-8")
    return replace(options, checkpoint=checkpoint)


def _report(out: Path) -> None:
    from model.evaluation.report_command import run

    runs = [out / name for name in ("run", "words") if (out / name).is_dir()]
    run(argparse.Namespace(runs=runs, page=out / "report.html"))
