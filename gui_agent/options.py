"""Options that commands of the desktop share. Knows argparse, no desktop."""

from __future__ import annotations

import argparse

from molmo_act.commands.arguments import add_model_argument


def add_aim_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds ``--model``, ``--min-score`` and ``--timeout``: how what is acted on is found."""
    add_model_argument(parser)
    parser.add_argument(
        "--min-score",
        type=float,
        metavar="S",
        help="refuse places that score less (default: what suits the model)",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="wait so long for each target to appear and hold still (default %(default)s)",
    )
