"""``gui-agent codegen``: writes a script of what you do on this desktop."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from gui_agent.cli._options import add_looking_options, make_looking_desktop
from gui_agent.codegen.recorder import Recorder
from gui_agent.codegen.script import script_of
from molmo_act.cli._arguments import seconds
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command ``codegen``.

    Args:
        subparsers: Of ``gui-agent``.
    """
    parser = subparsers.add_parser(
        "codegen",
        help="write a script of what you do, in words that the model finds",
        description="Write a script of what you do on this desktop until Ctrl+C (X11 only). For each place "
        "that you click the model is asked which words find it; where none do, the script says so and gives "
        "the place. What you type is written down, except in fields that their program calls "
        "passwords, and after Tab or in another window until the next click: see --hide-texts.",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="a new file for the script; else it is printed"
    )
    parser.add_argument(
        "--word",
        action="append",
        default=[],
        metavar="WORDS",
        help="words to try as the name of what you click; may be repeated",
    )
    parser.add_argument("--hide-texts", action="store_true", help="ask for typed texts when the script runs")
    parser.add_argument("--seconds", type=seconds, metavar="SECONDS", help="end after so long")
    add_looking_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs ``codegen`` until its time is over or it is interrupted.

    Args:
        arguments: As `register` declares them.

    Returns:
        0.

    Raises:
        InputError: The file exists, or cannot be written.
        PlatformError: There is no display that tells what mouse and keyboard do.
    """
    out: Path | None = arguments.out
    if out is not None and out.exists():
        raise InputError(f"{str(out)!r} exists; give a new file.")
    if out is not None and not (out.parent.is_dir() and os.access(out.parent, os.W_OK)):
        raise InputError(
            f"Cannot write {str(out)!r}: {str(out.parent)!r} is no folder that can be written to."
        )
    desktop = make_looking_desktop(arguments)
    recorder = Recorder(
        desktop,
        words=arguments.word,
        hide_texts=arguments.hide_texts,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    print("gui-agent: recording until Ctrl+C", file=sys.stderr, flush=True)
    deadline = float("inf") if arguments.seconds is None else time.monotonic() + arguments.seconds
    was_interrupted = False
    try:
        recorder.record(lambda: time.monotonic() > deadline)
    except KeyboardInterrupt:
        was_interrupted = True
    finally:
        recorder.stop(was_interrupted=was_interrupted)
    print(
        "gui-agent: asking the model for the last words; Ctrl+C leaves them out", file=sys.stderr, flush=True
    )
    script = script_of(recorder.lines())
    if out is None:
        print(script, end="")
        return 0
    try:
        with atomic_file(out, private=True) as unfinished:  # it holds what was typed
            unfinished.write_text(script, encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot write {str(out)!r}: {error.strerror}.") from error
    return 0
