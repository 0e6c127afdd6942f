"""Options that commands of the desktop share. Knows argparse, no desktop."""

from __future__ import annotations

import argparse


def add_aim_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds ``--model``, ``--min-score`` and ``--timeout``: how what is acted on is found."""
    parser.add_argument(
        "--model",
        metavar="M",
        help="checkpoint: a folder, or a name such as allenai/MolmoPoint-8B; the bundled nano by default",
    )
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
