"""Options that the commands of the desktop share, and the desktop that they ask for."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from gui_agent.desktop import Desktop
from gui_agent.input.pyautogui_backend import PyAutoGuiBackend
from gui_agent.safety.policy import Safety
from gui_agent.vision.configured_model import ConfiguredModel
from gui_agent.vision.grounder import GroundingModel
from gui_agent.vision.sources import MODEL, with_reader
from molmo_act.cli._arguments import seconds
from molmo_act.cli.model_arguments import add_asking_arguments, add_model_arguments, model_options


def add_looking_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say with which model, where and how well things are found.

    Args:
        parser: Of the command.
    """
    add_model_arguments(parser)
    refuses = "refuse places that score less, 0 to 1 (default: what suits the model)"
    add_asking_arguments(parser, min_score=refuses)
    parser.add_argument("--monitor", type=int, default=0, metavar="N", help="look at one monitor, 1 and up")
    parser.add_argument("--refine", action="store_true", help="look at likely places a second time, enlarged")
    parser.add_argument(
        "--sources",
        type=lambda text: tuple(name.strip() for name in text.split(",")),
        metavar="A,B",
        help="find things by these only: accessibility, text, model (default: all that are there)",
    )


def add_acting_options(parser: argparse.ArgumentParser) -> None:
    """Adds those of `add_looking_options`, and the rules that actions are held to.

    Args:
        parser: Of the command.
    """
    add_looking_options(parser)
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=5.0,
        metavar="SECONDS",
        help="wait so long for each target to appear and hold still (default %(default)s)",
    )
    for name, metavar, help_text in (
        ("--allow-window", "TITLE", "act in windows of this title only; * and ? stand for anything"),
        ("--deny-window", "TITLE", "leave such windows alone"),
        ("--allow-word", "WORD", "act only on targets whose words contain this one"),
        ("--deny-word", "WORD", "refuse targets whose words contain this one"),
        ("--allow-key", "CHORD", "press such keys only, as ctrl+s or ctrl+*"),
        ("--deny-key", "CHORD", "never press such keys"),
    ):
        parser.add_argument(
            name, action="append", default=[], metavar=metavar, help=f"{help_text}; may be repeated"
        )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="agree to actions that need consent, such as on 'delete' or 'send'; without it they are asked "
        "about on a terminal, and refused elsewhere",
    )
    parser.add_argument("--dry-run", action="store_true", help="find and check, but do nothing")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="write what happens to a new folder")


def sources_of(arguments: argparse.Namespace) -> tuple[str, ...] | None:
    """Gives the sources that the options of `add_looking_options` ask for.

    Args:
        arguments: Of a command with those options.

    Returns:
        Their names; None for what is there.

    Raises:
        InputError: A name is unknown or given twice.
        MissingExtraError: The reader is not installed.
    """
    return with_reader(arguments.sources, arguments.reader)


def load_model(arguments: argparse.Namespace) -> GroundingModel:
    """Loads the model that the options of `add_looking_options` ask for, to be asked as they say.

    Args:
        arguments: Of a command with those options.

    Returns:
        The model, without a reader, since the desktop reads.

    Raises:
        MolmoActError: It cannot be loaded, see `molmo_act.load`.
    """
    return ConfiguredModel(replace(model_options(arguments), reader=None)).load()


def _model_among(arguments: argparse.Namespace) -> GroundingModel | None:
    """The model, where it is among the sources."""
    sources = sources_of(arguments)
    return load_model(arguments) if sources is None or MODEL in sources else None


def make_looking_desktop(arguments: argparse.Namespace) -> Desktop:
    """Makes a desktop from the options of `add_looking_options`; see `make_desktop`."""
    backend = PyAutoGuiBackend()  # a missing display shows before a model is loaded
    return Desktop(
        _model_among(arguments),
        backend=backend,
        monitor=arguments.monitor,
        safety=Safety(min_score=arguments.min_score),
        refine=arguments.refine,
        sources=sources_of(arguments),
    )


def make_desktop(arguments: argparse.Namespace, model: GroundingModel | None = None) -> Desktop:
    """Makes the desktop that the options of `add_acting_options` ask for.

    Args:
        arguments: Of a command with those options.
        model: In the place of the one that they ask for, which is loaded otherwise.

    Returns:
        The desktop.

    Raises:
        PlatformError: There is no display.
        CheckpointError: There is no such model.
        InputError: An option is out of range.
    """
    safety = Safety(
        min_score=arguments.min_score,
        allow_windows=arguments.allow_window,
        deny_windows=arguments.deny_window,
        allow_words=arguments.allow_word,
        deny_words=arguments.deny_word,
        allow_keys=arguments.allow_key,
        deny_keys=arguments.deny_key,
        confirm=_agree if arguments.yes else _ask if sys.stdin.isatty() else None,
    )
    backend = PyAutoGuiBackend()  # a missing display shows before a model is loaded
    return Desktop(
        _model_among(arguments) if model is None else model,
        backend=backend,
        monitor=arguments.monitor,
        safety=safety,
        timeout=arguments.timeout,
        refine=arguments.refine,
        sources=sources_of(arguments),
        dry_run=arguments.dry_run,
        record=arguments.record,
    )


def _agree(question: str) -> bool:
    print(f"{question} [--yes]", file=sys.stderr)
    return True


def _ask(question: str) -> bool:
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")
