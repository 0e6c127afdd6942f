"""The command ``molmo-act plan``, which says what a model takes on a machine before its weights are there."""

from __future__ import annotations

import argparse
import json
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from molmo_act.cli._arguments import Commands, positive
from molmo_act.doctor.board import MODULES, SYSTEM_GB, Board, read_board
from molmo_act.doctor.machine import Rates, measure_here, memory_here
from molmo_act.errors import InputError, PlatformError
from molmo_act.formats.exported import refuse_export
from molmo_act.validation import check_path

FITS, FITS_NOT = 0, 1
TEMPORAL_MARK = "vision_backbone.adapter."
"""In names of weights of a VideoMolmo."""
NANO = Path(__file__).parents[1] / "checkpoints" / "nano"
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
        "memory, how many crops fit, and milliseconds at best, of the checkpoint on torch and of its exports "
        f"on ONNX Runtime. Of the memory of a board {SYSTEM_GB} GB are left to the system. Exit code 0: it "
        "fits in some precision; 1: in none.",
    )
    parser.add_argument(
        "model",
        metavar="CHECKPOINT_OR_CONFIG",
        help="a config.json, the folder of a checkpoint, its name on the hub, or nano",
    )
    parser.add_argument(
        "--board",
        choices=sorted(BOARDS),
        help=f"a Jetson: its memory without the {SYSTEM_GB} GB of the system, and its bandwidth",
    )
    parser.add_argument(
        "--memory",
        type=Quantity("B"),
        metavar="BYTES",
        help="that the model may take, such as 16GB (default: what is free here, or what a board has for it)",
    )
    parser.add_argument(
        "--bandwidth", type=Quantity("B/s"), metavar="RATE", help="such as 102GB/s (default: measured here)"
    )
    parser.add_argument(
        "--compute",
        type=Quantity("FLOPS"),
        metavar="RATE",
        help="such as 20TFLOPS (default: measured here; left out of times for another board)",
    )
    parser.add_argument(
        "--crops", type=positive, default=8, metavar="N", help="high-res crops of an image (default 8)"
    )
    parser.add_argument(
        "--image",
        type=_pixels,
        default=(1920, 1080),
        metavar="WIDTHxHEIGHT",
        help="of an image in pixels (default 1920x1080): what torch takes while it resizes a photo",
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

    config, margins, video = _read(arguments.model)
    elsewhere = arguments.board is not None
    board = Board(module=BOARDS[arguments.board]) if elsewhere else read_board()
    memory, note = _memory(arguments.memory, board)
    here = None if elsewhere else _measure()
    bandwidth = None if board.module is None else board.module.bandwidth_gb_s * 1e9
    plan = make_plan(
        config,
        memory_mb=memory / 1e6,
        crops=arguments.crops,
        margins=margins,
        pixels=arguments.image[0] * arguments.image[1],
        bytes_per_s=arguments.bandwidth or bandwidth or (None if here is None else here.bytes_per_s),
        flops_per_s=arguments.compute or (None if here is None else here.flops_per_s),
        measured=here,
        video=video,
        notes=[
            note,
            *_of_video(config, video),
            "{} × {} pixels of an image; a GPU's own context comes on top".format(*arguments.image),
        ],
    )
    print(json.dumps(plan.to_dict()) if arguments.json else plan)
    return FITS if any(row.fits for row in plan.rows) else FITS_NOT


def _read(source: str) -> tuple[dict[str, Any], tuple[int, int], bool]:
    """The configuration, the margins of crops where a file says them, and whether it is a VideoMolmo."""
    from molmo_act.models.checkpoint_files import find_file, hub_options, is_path, need_file, read_json

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
        if not is_path(place):
            _need_hub(place)
        hub = hub_options(place, {})
        config = read_json(need_file(place, "config.json", **hub))
    processor = find_file(place, "preprocessor_config.json", **hub)
    margins = (4, 4) if processor is None else read_json(processor).get("overlap_margins", (4, 4))
    if not (
        isinstance(margins, (list, tuple)) and len(margins) == 2 and all(type(m) is int for m in margins)
    ):
        raise InputError(f"preprocessor_config.json says overlap_margins {margins!r}; expected two numbers.")
    listed = find_file(place, "model.safetensors.index.json", **hub) if _is_molmo(config) else None
    names = [] if listed is None else read_json(listed).get("weight_map", {})
    return config, (margins[0], margins[1]), any(TEMPORAL_MARK in name for name in names)


def _is_molmo(config: dict[str, Any]) -> bool:
    return config.get("model_type") == "molmo"


def _of_video(config: dict[str, Any], video: bool) -> list[str]:
    """What has to be known about VideoMolmo, whose config.json is that of Molmo-7B-D."""
    if video:
        return ["a VideoMolmo, which is shown an image with the four frames before it"]
    if _is_molmo(config):
        return ["planned as a Molmo; a VideoMolmo is told by the index of its weights"]
    return []


def _need_hub(name: str | Path) -> None:
    if find_spec("transformers") is None:
        raise PlatformError(
            f"There is no folder {str(name)!r}, and fetching config.json of a checkpoint on the hub needs "
            "'transformers', not installed here. Give the config.json itself."
        )


def _memory(given: float | None, board: Board) -> tuple[float, str]:
    """Bytes that a model may take, and what they are."""
    if given is not None:
        return given, "memory as given, all of it for the model"
    if board.model_memory_mb is not None:
        return board.model_memory_mb * 1e6, f"memory of the board without {SYSTEM_GB} GB for the system"
    return memory_here(), "memory that is free here"


def _measure() -> Rates:
    _say("measuring the bandwidth of this machine, and how fast it multiplies …")
    return measure_here()


def _pixels(text: str) -> tuple[int, int]:
    """Reads a size such as "1920x1080"; a ``type`` of argparse."""
    found = re.fullmatch(r"([1-9]\d{0,4})[x×]([1-9]\d{0,4})", text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} was given; expected pixels such as 1920x1080")
    return int(found[1]), int(found[2])


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)
