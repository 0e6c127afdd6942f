"""`python -m model.evaluation run`: measures a model on benchmarks, as their official programs do.

    python -m model.evaluation run screenspot-v2 pointbench --model allenai/MolmoPoint-8B --data /data
    torchrun --nproc_per_node 8 -m model.evaluation run all --model … --data /data --out out/8b

Every answer is written as it comes, so a run that was killed goes on with --resume. --check looks at the data
and loads no model; --demo makes generated stand-ins for every data set and runs on them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from model.evaluation.benchmark import Benchmark
from model.evaluation.measuring import Shard, measure, on_own_device, own_shard, prepare
from model.evaluation.registry import BENCHMARKS, benchmarks_named
from model.evaluation.runner import BATCH
from molmo_act.cli._arguments import positive
from molmo_act.cli.model_arguments import add_asking_arguments, add_model_arguments, model_options
from molmo_act.errors import InputError
from molmo_act.segmentation.propagator import PROPAGATORS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help=f"{', '.join(BENCHMARKS)}; or all")
    add_model_arguments(parser)
    add_asking_arguments(parser)
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder of the data sets, each in one of its name"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("out/evaluation"), metavar="DIR", help="folder of this run"
    )
    parser.add_argument(
        "--limit", type=positive, metavar="N", help="ask N rows, spread evenly over the data set"
    )
    parser.add_argument("--batch", type=positive, default=BATCH, metavar="N", help="rows asked at once")
    parser.add_argument(
        "--shard",
        type=shard_of,
        metavar="I/N",
        help="part I of N, counted from 0; torchrun sets it by itself",
    )
    parser.add_argument(
        "--propagator",
        choices=PROPAGATORS,
        help="what makes masks of points (default sam2; grabcut, which needs no weights, with --demo)",
    )
    parser.add_argument(
        "--propagator-weights", metavar="FOLDER", help="folder or hub name of the weights of sam2 or edgetam"
    )
    parser.add_argument(
        "--judge",
        metavar="J",
        help="judge of captions: words (a rule), or a command line that is asked at stdin",
    )
    parser.add_argument("--resume", action="store_true", help="go on with the results in --out")
    parser.add_argument("--check", action="store_true", help="look at the data; load no model")
    parser.add_argument(
        "--demo", action="store_true", help="make stand-ins for the data sets, and run on them"
    )


def shard_of(text: str) -> Shard:
    """Reads ``I/N``.

    Raises:
        argparse.ArgumentTypeError: It is something else.
    """
    number, slash, count = text.partition("/")
    good = slash and number.isdecimal() and count.isdecimal() and len(count) < 7
    if not good or int(number) >= int(count):
        raise argparse.ArgumentTypeError(
            f"{text!r} was given; expected I/N with I from 0 to N - 1, such as 0/4"
        )
    return int(number), int(count)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    Raises:
        MolmoActError: A name, the data, the folder or the model cannot be used.
    """
    options, shard = model_options(args), own_shard(args.shard)
    args.propagator = args.propagator or ("grabcut" if args.demo else "sam2")
    if args.demo:
        from model.evaluation.demo import run_demo  # it imports what draws images

        return run_demo(args, options)
    if not args.benchmarks:
        raise InputError(f"No benchmark was given; expected some of {', '.join(BENCHMARKS)}, or all.")
    benchmarks = benchmarks_named(args.benchmarks)
    if args.data is None:
        raise InputError("--data is missing: the folder that holds the data sets, each in one of its name.")
    if args.check:
        return check(benchmarks, args.data)
    prepared = [prepare(benchmark, args.data) for benchmark in benchmarks]
    measure(prepared, on_own_device(options), args, shard)


def check(benchmarks: Sequence[Benchmark], data: Path) -> None:
    """Validates the folders of data sets and prints what is missing, image by image.

    Args:
        benchmarks: The benchmarks.
        data: Folder of the data sets.

    Raises:
        InputError: A data set is not there, or rows of one cannot be asked; everything was printed.
    """
    from model.evaluation.checking import check_data

    faults = [benchmark.name for benchmark in benchmarks if not check_data(benchmark, data)]
    if faults:
        raise InputError(f"Not whole: {', '.join(faults)}; see above.")
