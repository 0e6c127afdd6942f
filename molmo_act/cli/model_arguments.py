"""The options of a command line that say which model is loaded, and how it is asked: `ModelOptions`.

parser = argparse.ArgumentParser()
add_model_arguments(parser)
add_asking_arguments(parser)
options = model_options(parser.parse_args())
model = options.load()
points = model.point("table.jpg", "the red mug", **options.point_options)
"""

from __future__ import annotations

import argparse
from dataclasses import fields

import molmo_act
from molmo_act.cli._arguments import above_zero, add_number, positive, probability
from molmo_act.model_options import ModelOptions
from molmo_act.pointing.options import DTYPE_NAMES
from molmo_act.reading.names import READER_NAMES


def add_model_argument(parser: argparse.ArgumentParser, name: str = "--model") -> None:
    """Adds ``--model``, a name or a folder as `molmo_act.load` takes it.

    Args:
        parser: The command's parser.
        name: What the option is called where "--model" is something else.
    """
    parser.add_argument(
        name,
        dest="checkpoint",
        metavar="M",
        help="checkpoint: a folder, or a name such as allenai/MolmoPoint-8B; the bundled nano by default",
    )


def add_model_arguments(parser: argparse.ArgumentParser, name: str = "--model") -> None:
    """Adds ``--model``, ``--device``, ``--dtype``, ``--quantization`` and ``--provider``, see `load_model`.

    Args:
        parser: The command's parser.
        name: See `add_model_argument`.
    """
    add_model_argument(parser, name)
    parser.add_argument(
        "--device",
        metavar="D",
        help="where it runs: cpu, cuda:0, or auto for the first of CUDA, MPS and XPU (default: CUDA or CPU)",
    )
    parser.add_argument(
        "--dtype",
        choices=DTYPE_NAMES,
        metavar="T",
        help="precision of the weights: float32, bfloat16 or float16, or fp32, bf16 or fp16; by the device",
    )
    parser.add_argument(
        "--quantization",
        metavar="Q",
        help="language blocks in fewer bits: nf4, int8, or int8-dynamic on a CPU",
    )
    parser.add_argument(
        "--provider",
        dest="providers",
        action="append",
        metavar="P",
        help="execution provider for an exported model, such as CUDAExecutionProvider (default: "
        "the best that work); may be repeated, the preferred one first",
    )


def add_prompt(parser: argparse.ArgumentParser) -> None:
    """Adds ``--prompt``: how queries are asked.

    Args:
        parser: The parser of a command that asks a model.
    """
    parser.add_argument(
        "--prompt",
        metavar="P",
        help="how the query is asked: point, gui, raw (as it is), or a template with {} for the query",
    )


def add_reader(parser: argparse.ArgumentParser) -> None:
    """Adds ``--reader``: what reads text in images beside the model.

    Args:
        parser: The parser of a command that points.
    """
    parser.add_argument(
        "--reader",
        choices=READER_NAMES,
        metavar="R",
        help=f"read text in images, too, by {' or '.join(READER_NAMES)}; points then come from both",
    )


def add_max_crops(parser: argparse.ArgumentParser) -> None:
    """Adds ``--max-crops``.

    Args:
        parser: The command's parser.
    """
    add_number(parser, "--max-crops", positive, "N", "most high-resolution crops of an image")


def add_bounds(parser: argparse.ArgumentParser) -> None:
    """Adds ``--max-points``, ``--min-score``, ``--max-crops`` and ``--timeout``.

    Args:
        parser: The command's parser.
    """
    add_number(parser, "--max-points", positive, "N", "stop after this many points")
    add_number(
        parser, "--min-score", probability, "S", "leave out points that score less (0 to 1)", default=0.0
    )
    add_max_crops(parser)
    add_number(parser, "--timeout", above_zero, "S", "seconds after which an answer is cut short")


def add_exactly(parser: argparse.ArgumentParser) -> None:
    """Adds ``--exactly``, for commands that point.

    Args:
        parser: The command's parser.
    """
    add_number(parser, "--exactly", positive, "N", "point at exactly this many places, the best there are")


def add_asking_arguments(
    parser: argparse.ArgumentParser, *, min_score: str = "leave out points that score less (0 to 1)"
) -> None:
    """Adds ``--min-score``, ``--max-crops``, ``--exactly``, ``--prompt`` and ``--reader``.

    Args:
        parser: The parser of a command that points.
        min_score: What ``--min-score`` does.
    """
    add_number(parser, "--min-score", probability, "S", min_score)
    add_max_crops(parser)
    add_exactly(parser)
    add_prompt(parser)
    add_reader(parser)


def model_options(arguments: argparse.Namespace) -> ModelOptions:
    """Collects which model the arguments ask for, and how it is to be asked.

    Args:
        arguments: The parsed command line of a command with `add_model_arguments`.

    Returns:
        The options; those that the command does not have, or that were not given, are left alone.
    """
    given = vars(arguments)
    names = [field.name for field in fields(ModelOptions)]
    return ModelOptions(**{name: given[name] for name in names if given.get(name) is not None})


def load_model(arguments: argparse.Namespace) -> molmo_act.PointingModel:
    """Loads the model that the arguments of `add_model_arguments` ask for.

    Args:
        arguments: The parsed command line.

    Returns:
        The model.

    Raises:
        MolmoActError: It cannot be loaded, see `molmo_act.load`.
    """
    return model_options(arguments).load()
