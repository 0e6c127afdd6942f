"""What is missing for mouse and keyboard is named; nothing ends the program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.gui_agent.input.test_session import ONE_ERROR, run_python

MISSING_PACKAGE = """
import sys
sys.modules[{package!r}] = None
import gui_agent
from molmo_act.errors import MolmoActError
class NoInput:
    def size(self):
        return 1280, 800
    def require_keys(self, *keys):
        pass
    def exclusive(self):
        raise NotImplementedError
try:
    gui_agent.Desktop(backend={backend}).screenshot()
except MolmoActError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.display
@pytest.mark.parametrize(
    ("package", "backend", "message"),
    [
        ("pyautogui", "None", "MissingExtraError Moving mouse and keyboard needs the package 'pyautogui'"),
        ("mss", "NoInput()", "MissingExtraError Capturing the screen needs the package 'mss'"),
        # pyautogui's own answer to this one is to end the program
        ("tkinter", "None", "PlatformError pyautogui needs tkinter, which this Python lacks"),
    ],
)
def test_missing_packages_are_named(display: str, package: str, backend: str, message: str) -> None:
    code = MISSING_PACKAGE.format(package=package, backend=backend)
    answer = run_python(code, DISPLAY=display, XAUTHORITY=os.environ["XAUTHORITY"])
    assert answer.stdout.startswith(message), answer.stdout + answer.stderr


@pytest.mark.display
def test_a_missing_access_file_is_explained(display: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "Xauthority")
    answer = run_python(ONE_ERROR.format(act="gui_agent.Desktop()"), DISPLAY=display, XAUTHORITY=missing)
    assert answer.stdout.startswith("PlatformError pyautogui cannot read the X access file"), answer.stderr
    assert answer.stdout.count("\n") == 1
