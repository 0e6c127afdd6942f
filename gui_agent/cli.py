"""``gui-agent``: runs of several steps on a command line. Knows arguments and exit codes; no model.

Exit codes: 0 done, 1 a step was not done, 2 bad input or a machine that lacks something, 130 interrupted.
"""

from __future__ import annotations

import argparse
import getpass
import os
import runpy
import secrets
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path

import molmo_act
from gui_agent.backends import PyAutoGuiBackend
from gui_agent.desktop import Desktop
from gui_agent.errors import DesktopError
from gui_agent.options import add_aim_arguments
from gui_agent.safety import Safety
from gui_agent.script import read_script
from gui_agent.steps import Step, do_step
from gui_agent.trajectory import read_steps
from molmo_act.errors import InputError, MissingExtraError, MolmoActError

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
        arguments = _parser().parse_args(argv)
        return arguments.run(arguments)
    except SystemExit as error:  # argparse has explained itself
        return int(error.code or 0)
    except DesktopError as error:
        print(f"gui-agent: {error}", file=sys.stderr)
        return NOT_DONE
    except MolmoActError as error:
        print(f"gui-agent: error: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED


def run(arguments: argparse.Namespace) -> int:
    """``gui-agent run SCRIPT``."""
    script: Path = arguments.script
    if script.suffix == ".py":
        if not script.is_file():
            raise InputError(f"There is no script {str(script)!r}.")
        runpy.run_path(str(script), init_globals={"desk": desktop(arguments)}, run_name="__main__")
        return DONE
    if script.suffix not in (".yaml", ".yml"):
        raise InputError(f"The script {str(script)!r} is of no known kind; expected .yaml, .yml or .py.")
    return _do(arguments, read_script(script))


def replay(arguments: argparse.Namespace) -> int:
    """``gui-agent replay FOLDER``."""
    return _do(arguments, read_steps(arguments.folder))


def mcp(arguments: argparse.Namespace) -> int:
    """``gui-agent mcp``."""
    try:
        from gui_agent.server import listen, make_server, serve_http
        from gui_agent.tools import Tools
    except ImportError as error:
        raise MissingExtraError(str(error.name), extra="agents", purpose="Serving MCP") from error
    with nullcontext() if arguments.http is None else listen(arguments.http) as listener:
        # What libraries print while they load is no message of the protocol.
        with redirect_stdout(sys.stderr):
            server = make_server(Tools(desktop(arguments)))
        if listener is None:
            server.run("stdio")
            return DONE
        token = os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe()
        host, port = listener.getsockname()
        print(f"gui-agent: http://{host}:{port}/mcp, token {token}", file=sys.stderr, flush=True)
        serve_http(server, listener, token)
    return DONE


def desktop(arguments: argparse.Namespace) -> Desktop:
    """The desktop that the arguments of `add_desktop_arguments` ask for."""
    safety = Safety(
        min_score=arguments.min_score,
        allow_windows=arguments.allow_window,
        deny_windows=arguments.deny_window,
        confirm=_ask if sys.stdin.isatty() else None,
    )
    backend = PyAutoGuiBackend()  # a missing display shows before a model is loaded
    return Desktop(
        molmo_act.load(arguments.model),
        backend=backend,
        monitor=arguments.monitor,
        safety=safety,
        timeout=arguments.timeout,
        refine=arguments.refine,
        dry_run=arguments.dry_run,
        record=arguments.record,
    )


def _do(arguments: argparse.Namespace, steps: Sequence[Step]) -> int:
    desk = desktop(arguments)
    for number, step in enumerate(steps, start=1):
        outcome = do_step(desk, step, _ask_secret if sys.stdin.isatty() else None)
        seen = getattr(outcome, "effect", "done")
        place = getattr(outcome, "point", None)
        print(f"{number}. {step.action} {'' if place is None else f'at {place} '}{seen}", flush=True)
    return DONE


def _ask(question: str) -> bool:
    return input(f"{question} [y/N] ").strip().casefold() in ("y", "yes")


def _ask_secret(purpose: str) -> str:
    return getpass.getpass(f"{purpose}: ")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gui-agent",
        description="Works this desktop by words.",
        epilog="Exit codes: 0 done, 1 a step was not done, 2 bad input.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    running = commands.add_parser("run", help="do the steps of a script")
    running.add_argument(
        "script", type=Path, metavar="SCRIPT", help="steps in YAML, or Python that uses the name 'desk'"
    )
    running.set_defaults(run=run)
    replaying = commands.add_parser(
        "replay", help="do a recorded run again; its words are looked for anew, no coordinate is used"
    )
    replaying.add_argument("folder", type=Path, metavar="FOLDER", help="what --record wrote")
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
        add_desktop_arguments(command)
    return parser


def add_desktop_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that `desktop` reads."""
    add_aim_arguments(parser)
    parser.add_argument("--monitor", type=int, default=0, metavar="N", help="look at one monitor, 1 and up")
    parser.add_argument(
        "--allow-window",
        action="append",
        default=[],
        metavar="TITLE",
        help="act in windows of this title only; * and ? stand for anything; may be repeated",
    )
    parser.add_argument(
        "--deny-window", action="append", default=[], metavar="TITLE", help="leave such windows alone"
    )
    parser.add_argument("--refine", action="store_true", help="look at likely places a second time, enlarged")
    parser.add_argument("--dry-run", action="store_true", help="find and check, but do nothing")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="write what happens to a new folder")
