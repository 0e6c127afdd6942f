"""The command ``molmo-act export``, which writes a checkpoint as ONNX graphs."""

from __future__ import annotations

import argparse

from molmo_act._optional import TORCH_PACKAGES, needs_torch
from molmo_act.cli import _arguments as given
from molmo_act.quantization.export_report import OPSET, PRECISIONS

DONE = 0


def add_export(commands: given.Commands) -> None:
    """Adds the command ``export``.

    Args:
        commands: The subcommands of ``molmo-act``.
    """
    parser = commands.add_parser(
        "export",
        help="write a checkpoint as ONNX graphs, which run without torch",
        description="Write a MolmoPoint as ONNX graphs, which molmo_act.load runs without torch, and compare "
        "its answers to the bundled probe images with those of the checkpoint.",
    )
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a folder, a name on the hub, or nano")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="a new or an empty folder")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="how the language blocks are stored; fp16, for GPUs, is of all parts (default fp32)",
    )
    parser.add_argument(
        "--opset",
        type=given.positive,
        default=OPSET,
        metavar="N",
        help=f"operators of ONNX (default {OPSET})",
    )
    given.add_number(
        *(parser, "--max-drift-px", given.pixels, "PX"),
        "refuse an export that moves a point farther, or loses or adds one (default 0.5 for fp32, else any)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs ``export``.

    Args:
        arguments: As `add_export` declares them.

    Returns:
        0.

    Raises:
        MolmoActError: See `molmo_act.PointingModel.export`.
    """
    try:
        from molmo_act.export.checked import export_checkpoint
    except ModuleNotFoundError as error:
        if error.name not in TORCH_PACKAGES:
            raise
        raise needs_torch("Exporting a checkpoint", error.name) from error
    with given.stdout_to_stderr():
        report = export_checkpoint(
            arguments.checkpoint,
            arguments.out,
            precision=arguments.precision,
            opset=arguments.opset,
            max_drift_px=arguments.max_drift_px,
        )
    print(report)
    return DONE
