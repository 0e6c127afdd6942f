"""``gui-agent codegen``: writes a script of what you do on this desktop."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from gui_agent.cli._options import add_looking_options, make_looking_desktop
from gui_agent.codegen.recorder import Recorder
from gui_agent.codegen.script import script_of
from molmo_act.cli._arguments import BAD_INPUT, seconds, stdout_to_stderr
from molmo_act.errors import InputError, PlatformError
from molmo_act.io.atomic import atomic_file
from molmo_act.signals import Ended, ending_in_order


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
    """Runs ``codegen`` until its time is over, or it is interrupted or asked to end by a signal.

    Args:
        arguments: As `register` declares them.

    Returns:
        0; after SIGTERM or SIGHUP 128 more than the number of the signal, 2 where the display has gone. The
        script is written then, too.

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
    with stdout_to_stderr():  # what libraries print is no part of the script
        lines, code = _record(arguments)
    script = script_of(lines)
    if out is None:
        print(script, end="")
        return code
    try:
        with atomic_file(out, private=True) as unfinished:  # it holds what was typed
            unfinished.write_text(script, encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot write {str(out)!r}: {error.strerror}.") from error
    return code


def _record(arguments: argparse.Namespace) -> tuple[list[str], int]:
    """The lines of the script, and the exit code."""
    recorder = Recorder(
        make_looking_desktop(arguments), words=arguments.word, hide_texts=arguments.hide_texts, say=_tell
    )
    _tell("gui-agent: recording until Ctrl+C")
    deadline = float("inf") if arguments.seconds is None else time.monotonic() + arguments.seconds
    was_interrupted, code = False, 0
    try:
        with ending_in_order(by_signal=False):
            recorder.record(lambda: time.monotonic() > deadline)
    except KeyboardInterrupt:
        was_interrupted = True
    except Ended as ended:
        code = 128 + ended.number
    except PlatformError as error:  # the display has gone; what was recorded is kept
        _tell(f"gui-agent: error: {error}")
        code = BAD_INPUT
    finally:
        recorder.stop(was_interrupted=was_interrupted)
    if not code:
        _tell("gui-agent: asking the model for the last words; Ctrl+C leaves them out")
        try:
            with ending_in_order(by_signal=False):
                return recorder.lines(), 0
        except Ended as ended:
            code = 128 + ended.number
    recorder.hurry()  # who ends a session does not wait for a model
    return recorder.lines(), code


def _tell(line: str) -> None:
    with suppress(OSError):  # the terminal may be gone, which is no reason to lose the script
        print(line, file=sys.stderr, flush=True)
