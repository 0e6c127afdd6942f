"""Arguments that subcommands share, and the model they ask for."""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
from collections.abc import Iterator

import molmo_act

FOUND, NOTHING_FOUND = 0, 1
"""Exit codes."""
MOST = 1e9


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """Adds ``--model``, what `molmo_act.load` takes."""
    parser.add_argument(
        "--model",
        metavar="M",
        help="checkpoint: a folder, or a name such as allenai/MolmoPoint-8B; the bundled nano by default",
    )


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds ``--model``, ``--device``, ``--dtype`` and ``--quantization``, which `load_model` reads."""
    add_model_argument(parser)
    parser.add_argument(
        "--device", metavar="D", help="where it runs, such as cpu or cuda:0; the best by default"
    )
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16", "float16"),
        help="precision of the weights; the best by default",
    )
    parser.add_argument(
        "--quantization",
        metavar="Q",
        help="language blocks in fewer bits: nf4, int8, or int8-dynamic on a CPU",
    )


def load_model(arguments: argparse.Namespace) -> molmo_act.PointingModel:
    """The model that the arguments of `add_model_arguments` ask for."""
    return molmo_act.load(
        arguments.model,
        device=arguments.device,
        dtype=arguments.dtype,
        quantization=arguments.quantization,
    )


@contextlib.contextmanager
def stdout_kept_clean() -> Iterator[None]:
    """Sends to stderr what libraries print while they load and run: stdout is for the answer alone."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def positive(text: str) -> int:
    """An argument's type: a whole number of at least 1."""
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} was given; expected a whole number of at least 1")
    return int(text)


def above_zero(text: str) -> float:
    """An argument's type: a number above 0."""
    value = _number(text)
    if not 0 < value < MOST:
        raise argparse.ArgumentTypeError(f"{text!r} was given; expected a number above 0")
    return value


def seconds(text: str) -> float:
    """An argument's type: a number of at least 0."""
    value = _number(text)
    if not 0 <= value < MOST:
        raise argparse.ArgumentTypeError(f"{text!r} was given; expected seconds, 0 or more")
    return value


def probability(text: str) -> float:
    """An argument's type: a number from 0 to 1."""
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} was given; expected a number from 0 to 1")
    return value


def _number(text: str) -> float:
    """The number a text says, or NaN, which lies in no range."""
    try:
        return float(text)
    except ValueError:
        return math.nan
