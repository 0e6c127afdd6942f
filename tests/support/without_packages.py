"""Runs the command line in a process of its own, as where some packages are not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

_BLOCK = """
import os
import sys
from importlib.machinery import PathFinder


real = PathFinder.find_spec
PathFinder.find_spec = classmethod(lambda cls, name, path=None, target=None:
    None if name.partition(".")[0] in os.environ["BLOCKED"].split(",") else real(name, path, target))
"""


def run_without(
    packages: str, words: list[str], folder: Path, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs ``molmo-act`` where some packages are not installed.

    Args:
        packages: Their modules, separated by commas.
        words: Arguments behind the program's name.
        folder: For the file that hides them from this process and those that it starts.
        cwd: Where it runs; the root of the checkout unless given.

    Returns:
        The process, which has ended.
    """
    (folder / "sitecustomize.py").write_text(_BLOCK)
    path = os.pathsep.join([str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return subprocess.run(
        [sys.executable, "-m", "molmo_act", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=cwd or ROOT,
        env={**os.environ, "PYTHONPATH": path, "BLOCKED": packages},
    )
