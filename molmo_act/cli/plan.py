"""The command ``molmo-act plan``, which says what a model takes on a machine before its weights are there."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from molmo_act.cli._arguments import Commands, positive
from molmo_act.doctor.board import MODULES, Module, read_board
from molmo_act.errors import InputError
from molmo_act.formats.exported import refuse_export
from molmo_act.validation import check_path

FITS, FITS_NOT = 0, 1
_PREFIXES = {
    **{"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12},
    **{"ki": 2.0**10, "mi": 2.0**20, "gi": 2.0**30, "ti": 2.0**40},
}
BOARDS = {
    module.name.removeprefix("Jetson ").lower().replace(" ", "-"): module for module in MODULES.values()
}


class Quantity:
    """Reads a number with a unit, such as "16GB" or "16GiB"; a ``type`` of argparse.

    Args:
        unit: What stands behind the prefix k, M, G, T, Ki, Mi, Gi or Ti. With a prefix it may be left out;
            a number alone is refused, since it could be of anything.
    """

    def __init__(self, unit: str) -> None:
        self._unit = unit

    def __call__(self, text: str) -> float:
        """Reads ``text``, or raises `argparse.ArgumentTypeError`."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?) *(?:([kmgt]i?)|(?=\D))(.*)", text.strip().lower())
        if found is None or found[3].strip() not in ("", self._unit.lower()) or float(found[1]) == 0:
            raise argparse.ArgumentTypeError(
                f"{text!r} was given; expected a number above 0 with its unit, such as 16G{self._unit}"
            )
        return float(found[1]) * _PREFIXES[found[2] or ""]


def add_plan(commands: Commands) -> None:
    """Adds the command ``plan``.

    Args:
        commands: The subcommands of ``molmo-act``.
    """
    parser = commands.add_parser(
        "plan",
        help="say what a model takes on a machine, from its config.json alone",
        description="Say from config.json alone, without weights, what a model takes in each precision: "
        "memory, how many crops fit, and milliseconds at best. Exit code 0: it fits in some precision; 1: in "
        "none.",
    )
    parser.add_argument(
        "model",
        metavar="CHECKPOINT_OR_CONFIG",
        help="a config.json, the folder of a checkpoint, its name on the hub, or nano",
    )
    parser.add_argument("--board", choices=sorted(BOARDS), help="a Jetson: its memory and bandwidth")
    parser.add_argument(
        "--memory", type=Quantity("B"), metavar="BYTES", help="such as 16GB (default: of this machine)"
    )
    parser.add_argument(
        "--bandwidth", type=Quantity("B/s"), metavar="RATE", help="such as 102GB/s (default: measured here)"
    )
    parser.add_argument(
        "--compute",
        type=Quantity("FLOPS"),
        metavar="RATE",
        help="such as 20TFLOPS (default: measured here; none for another board)",
    )
    parser.add_argument(
        "--crops", type=positive, default=8, metavar="N", help="high-res crops of an image (default 8)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser._negative_number_matcher = re.compile(r"-\.?\d")  # "-1GB" is a value that is refused, no option
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs ``plan``.

    Args:
        arguments: As `add_plan` declares them.

    Returns:
        0 where the model fits in some precision, else 1.

    Raises:
        CheckpointError: There is no such configuration, or it is of no model that points.
        InputError: A number is out of range, or it is an exported model.
    """
    from molmo_act.doctor.plan import make_plan

    config, margins = _read(arguments.model)
    module = BOARDS.get(arguments.board or "") or read_board().module
    memory = arguments.memory or (module.memory_gb * 1e9 if module else _memory_here())
    plan = make_plan(
        config,
        memory_mb=memory / 1e6,
        crops=arguments.crops,
        margins=margins,
        bytes_per_s=arguments.bandwidth or _bandwidth(module),
        flops_per_s=arguments.compute or (None if arguments.board else _compute_here()),
    )
    print(json.dumps(plan.to_dict()) if arguments.json else plan)
    return FITS if any(row.fits for row in plan.rows) else FITS_NOT


def _read(source: str) -> tuple[dict[str, Any], tuple[int, int]]:
    """The configuration, and the margins of crops where the image processor's file says them."""
    from molmo_act.models.checkpoint_files import find_file, hub_options, need_file, read_json
    from molmo_act.pointing.load import NANO

    check_path("The checkpoint", source)
    refuse_export(source)
    try:
        is_file = Path(source).is_file()
    except OSError as error:  # such as a name that is too long
        raise InputError(f"{source[:60]!r} cannot be looked for: {error.strerror}.") from error
    place: str | Path = source
    hub: dict[str, Any] = {}
    if is_file:
        config, place = read_json(Path(source)), Path(source).absolute().parent
    else:
        place = NANO if source == NANO.name and not Path(source).exists() else source
        hub = hub_options(place, {})
        config = read_json(need_file(place, "config.json", **hub))
    processor = find_file(place, "preprocessor_config.json", **hub)
    margins = (4, 4) if processor is None else read_json(processor).get("overlap_margins", (4, 4))
    if not (
        isinstance(margins, (list, tuple)) and len(margins) == 2 and all(type(m) is int for m in margins)
    ):
        raise InputError(f"preprocessor_config.json says overlap_margins {margins!r}; expected two numbers.")
    return config, (margins[0], margins[1])


def _memory_here() -> float:
    import torch

    from molmo_act.generation.memory import free_bytes

    if torch.cuda.is_available():
        return float(torch.cuda.mem_get_info(0)[1])
    return free_bytes(torch.device("cpu"))


def _bandwidth(module: Module | None) -> float:
    if module is not None:
        return module.bandwidth_gb_s * 1e9
    import torch

    from molmo_act.doctor.machine import bytes_per_second

    _say("measuring the bandwidth of this machine …")
    return bytes_per_second(torch.device("cuda" if torch.cuda.is_available() else "cpu"))


def _compute_here() -> float:
    import torch

    from molmo_act.doctor.machine import flops_per_second

    _say("measuring how fast this machine multiplies …")
    if torch.cuda.is_available():
        return flops_per_second(torch.device("cuda"), torch.bfloat16)
    return flops_per_second(torch.device("cpu"), torch.float32)


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)
