"""What the program ``gui-agent`` starts: Ctrl-C leaves no traceback, not even while modules are imported."""

from __future__ import annotations

from collections.abc import Callable

from molmo_act.cli.entry import run_interruptible


def main() -> int:
    """Runs one command with the arguments of this process.

    Returns:
        The exit code, see `gui_agent.cli.main`.
    """
    return run_interruptible(_import_main)


def _import_main() -> Callable[[], int]:
    from gui_agent.cli.main import main as run

    return run
