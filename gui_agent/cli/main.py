"""``gui-agent``: runs several steps, replays a run, writes a script, or serves the desktop to agents.

Exit codes: 0 done, 1 a step was not done, 2 bad input or a machine that lacks something, 74 results cannot be
written, 130 interrupted, 141 nothing reads the output, 129 and 143 ended by SIGHUP and SIGTERM.
"""

from __future__ import annotations

import argparse
import getpass
import os
import runpy
import secrets
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TextIO

from gui_agent.cli import codegen
from gui_agent.cli._options import add_acting_options, load_model, make_desktop
from gui_agent.desktop import Desktop
from gui_agent.errors import DesktopError
from gui_agent.recording.script import read_script
from gui_agent.recording.step import ActionStep
from gui_agent.recording.trace import read_steps
from gui_agent.replay import prepare_step
from molmo_act._optional import require_optional
from molmo_act.cli._arguments import stdout_to_stderr
from molmo_act.cli._writing import Parser, run_writing
from molmo_act.errors import InputError, MolmoActError

TOKEN_VARIABLE = "GUI_AGENT_TOKEN"
DONE, NOT_DONE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: The words behind the program's name; those of this process unless given.

    Returns:
        The exit code.
    """
    try:
        return run_writing("gui-agent", lambda: _run(argv))
    except MolmoActError as error:
        return _report(error)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = _parser().parse_args(argv)
        return int(arguments.run(arguments))
    except SystemExit as error:  # argparse has explained itself; a script may end with a reason
        if isinstance(error.code, str):
            print(f"gui-agent: {error.code}", file=sys.stderr)
            return NOT_DONE
        return int(error.code or 0)


def run(arguments: argparse.Namespace) -> int:
    """Runs ``gui-agent run SCRIPT``.

    Args:
        arguments: As `_parser` declares them.

    Returns:
        The exit code.

    Raises:
        InputError: There is no such script, or it makes no sense.
        DesktopError: A step was not done.
    """
    script: Path = arguments.script
    if script.suffix == ".py":
        if not script.is_file():
            raise InputError(f"There is no script {str(script)!r}.")
        with stdout_to_stderr():
            desktop = make_desktop(arguments)
        runpy.run_path(str(script), init_globals={"desktop": desktop}, run_name="__main__")
        return DONE
    if script.suffix not in (".yaml", ".yml"):
        raise InputError(f"The script {str(script)!r} is of no known kind; expected .yaml, .yml or .py.")
    return _do(arguments, read_script(script))


def replay(arguments: argparse.Namespace) -> int:
    """Runs ``gui-agent replay FOLDER``; see `run`."""
    steps = read_steps(arguments.folder, of_dry_run=arguments.dry_run, partly_done=arguments.partly_done)
    return _do(arguments, steps)


def mcp(arguments: argparse.Namespace) -> int:
    """Runs ``gui-agent mcp`` until it is interrupted; see `run`.

    Raises:
        MissingExtraError: The packages of the extra ``agents`` are not installed.
        InputError: The port cannot be served.
    """
    require_optional("mcp", extra="agents", purpose="Serving MCP")
    from gui_agent.tools.background_model import BackgroundModel
    from gui_agent.tools.mcp_server import listen, make_server, serve_http
    from gui_agent.tools.tools import Tools

    with nullcontext() if arguments.http is None else listen(arguments.http) as listener:
        # Clients wait for the handshake, and a model may take longer than they do.
        model = BackgroundModel(lambda: load_model(arguments))
        with stdout_to_stderr():  # what libraries print is no message of the protocol
            desktop = make_desktop(arguments, model)
            on_asked = model.start if desktop.context.grounder.pixels is not None else lambda: None
            server = make_server(Tools(desktop), on_asked)
        if listener is None:
            server.run("stdio")
            return DONE
        token = os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe()
        host, port = listener.getsockname()
        print(f"gui-agent: http://{host}:{port}/mcp, token {token}", file=sys.stderr, flush=True)
        serve_http(server, listener, token)
    return DONE


def _do(arguments: argparse.Namespace, steps: Sequence[ActionStep]) -> int:
    stdout = sys.stdout
    with stdout_to_stderr():
        return _do_each(make_desktop(arguments), steps, stdout)


def _do_each(desktop: Desktop, steps: Sequence[ActionStep], stdout: TextIO) -> int:
    ask_secret = _ask_secret if sys.stdin.isatty() else None
    prepared: list[Callable[[], Any]] = []
    for number, step in enumerate(steps, start=1):  # all of them, before the first is done
        try:
            prepared.append(prepare_step(desktop, step, ask_secret))
        except MolmoActError as error:
            return _report(error, f"step {number}, {step.action}: ")
    for number, (step, do) in enumerate(zip(steps, prepared, strict=True), start=1):
        try:
            outcome = do()
        except MolmoActError as error:
            return _report(error, f"step {number}, {step.action}: ")
        seen = getattr(outcome, "effect", "done")
        place = getattr(outcome, "point", None)
        where = "" if place is None else f"at {place} "
        print(f"{number}. {step.action} {where}{seen}", file=stdout, flush=True)
    return DONE


def _report(error: MolmoActError, where: str = "") -> int:
    """Prints an error; gives the exit code."""
    if isinstance(error, DesktopError):
        print(f"gui-agent: {where}{error}", file=sys.stderr)
        return NOT_DONE
    print(f"gui-agent: error: {where}{' '.join(str(error).split())}", file=sys.stderr)
    return BAD_INPUT


def _ask_secret(purpose: str) -> str:
    return getpass.getpass(f"{purpose}: ")


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = Parser(
        prog="gui-agent",
        description="Works this desktop by words.",
        epilog="Exit codes: 0 done, 1 a step was not done, 2 bad input.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    running = commands.add_parser("run", help="do the steps of a script")
    running.add_argument(
        "script", type=Path, metavar="SCRIPT", help="steps in YAML, or Python that uses the name 'desktop'"
    )
    running.set_defaults(run=run)
    replaying = commands.add_parser(
        "replay", help="do a recorded run again; its words are looked for anew, no coordinate is used"
    )
    replaying.add_argument("folder", type=Path, metavar="FOLDER", help="what --record wrote")
    replaying.add_argument(
        "--partly-done",
        choices=("repeat", "skip"),
        help="what to do about steps that failed halfway; without it such a record is refused",
    )
    replaying.set_defaults(run=replay)
    serving = commands.add_parser("mcp", help="serve this desktop to agents over the Model Context Protocol")
    serving.add_argument(
        "--http",
        type=int,
        metavar="PORT",
        help="serve streamable HTTP on loopback instead of stdio, 0 for any free port; the token is that of "
        f"the variable {TOKEN_VARIABLE}, or a new one, which is printed",
    )
    serving.set_defaults(run=mcp)
    for command in (running, replaying, serving):
        add_acting_options(command)
    codegen.register(commands)
    return parser
