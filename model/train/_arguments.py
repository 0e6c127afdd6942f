"""The command-line arguments that all programs about a run share."""

from __future__ import annotations

import argparse
from pathlib import Path

from model._cli import make_parser
from model.train.config.presets import RECIPES


def training_arguments(program: str, about: str | None) -> argparse.ArgumentParser:
    """Makes a parser for `RECIPE FOLDER [key=value …] [--data FOLDER]`.

    Args:
        program: Name of the program, for its help.
        about: Description of the program.
    """
    parser = make_parser(about)
    parser.prog = program
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("run", type=Path, metavar="FOLDER", help="folder of the run")
    parser.add_argument("changes", nargs="*", metavar="key=value", help="changes of the recipe")
    parser.add_argument("--data", type=Path, help="folder of data sets, each in a folder of its name")
    return parser
