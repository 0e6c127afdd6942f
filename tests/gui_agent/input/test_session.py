"""Sessions without a usable screen: one error each, and importing needs no screen at all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gui_agent.input.session import require_screen
from molmo_act.errors import PlatformError
from tests.support.x_server import x_server

ROOT = Path(__file__).parents[3]

UNUSABLE = [
    ({}, "DISPLAY is not set"),  # a console or a server
    ({"DISPLAY": ""}, "DISPLAY is not set"),  # set to nothing
    ({"DISPLAY": ":79.1"}, "names screen 1 of an X server, of which only the first .* Set DISPLAY=:79.0"),
    ({"WAYLAND_DISPLAY": "wayland-0"}, "This is a Wayland session"),  # Wayland alone
    ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "most likely Xwayland"),  # Wayland with a bridge
]


@pytest.mark.parametrize(("environment", "message"), UNUSABLE)
def test_unusable_sessions(environment: dict[str, str], message: str) -> None:
    with pytest.raises(PlatformError, match=message) as raised:
        require_screen(environment, platform="linux")
    assert "\n" not in str(raised.value)


USABLE = [
    ({"DISPLAY": ":0"}, "linux"),  # X11
    ({"DISPLAY": "host:10.0"}, "linux"),  # its first screen
    ({"DISPLAY": ":0", "WAYLAND_DISPLAY": ""}, "linux"),  # set to nothing counts as not set
    ({}, "win32"),  # always has a screen
    ({}, "darwin"),  # always has a screen
]


@pytest.mark.parametrize(("environment", "platform"), USABLE)
def test_usable_sessions(environment: dict[str, str], platform: str) -> None:
    require_screen(environment, platform)


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs code in a fresh process that has no display but what is given."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY")}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=60
    )


def test_importing_needs_no_display_and_pulls_in_no_optional_package() -> None:
    code = (
        "import sys, gui_agent, gui_agent.cli.click; print({'mss', 'pyautogui', 'Xlib'} & set(sys.modules))"
    )
    answer = run_python(code)
    assert (answer.returncode, answer.stdout.strip()) == (0, "set()"), answer.stderr


ONE_ERROR = """
import gui_agent
from molmo_act.errors import MolmoActError
try:
    {act}
except MolmoActError as error:
    print(type(error).__name__, error)
"""

FAULTS = [
    # no display
    ("gui_agent.Desktop()", {}, "PlatformError There is no display"),
    # a display whose server is not there
    ("gui_agent.Desktop()", {"DISPLAY": ":251"}, "PlatformError Display :251 cannot be reached"),
    # a display name that is none
    ("gui_agent.Desktop()", {"DISPLAY": "screen"}, "PlatformError Display screen cannot be reached"),
    # only Wayland
    ("gui_agent.Desktop()", {"WAYLAND_DISPLAY": "w"}, "PlatformError This is a Wayland session"),
    # a virtual display where nothing is installed
    (
        "gui_agent.virtual_display().__enter__()",
        {"PATH": "/nowhere"},
        "PlatformError A virtual display needs Xvfb, openbox, xprop. Install with: apt install xvfb openbox",
    ),
    # a virtual display of no size
    (
        "gui_agent.virtual_display(0, 5).__enter__()",
        {},
        "InputError A display needs a positive size in whole pixels, got 0×5",
    ),
]


@pytest.mark.parametrize(("act", "environment", "message"), FAULTS)
def test_one_error_in_one_line(act: str, environment: dict[str, str], message: str) -> None:
    answer = run_python(ONE_ERROR.format(act=act), **environment)
    assert answer.stdout.startswith(message), answer.stdout + answer.stderr
    assert answer.stdout.count("\n") == 1
    assert answer.returncode == 0


LOST_DISPLAY = """
import os, gui_agent
from molmo_act.errors import MolmoActError
with gui_agent.virtual_display(320, 240) as display:
    desktop = gui_agent.Desktop()
    desktop.screenshot()
os.environ["DISPLAY"] = display
for act in (lambda: desktop.type("x"), lambda: desktop.backend.move(5, 5), desktop.screenshot):
    try:
        act()
    except MolmoActError as error:
        print(type(error).__name__, error)
"""


@pytest.mark.display
@pytest.mark.usefixtures("display")  # for its check that the programs are there
def test_a_display_that_goes_away_is_one_error() -> None:
    lines = run_python(LOST_DISPLAY).stdout.splitlines()
    assert len(lines) == 3
    assert all(re.match(r"PlatformError Display :\d+ went away", line) for line in lines), lines


WITHOUT_WINDOW_MANAGER = """
import json, os, subprocess, sys
from gui_agent import Desktop, Safety
from molmo_act.errors import MolmoActError
from tests.support.blob_model import BlobFinder
from tests.support.windows import PAD_PROGRAM, Window
pads = Window(PAD_PROGRAM, "toggle:Go=#e01020")
print(Desktop(BlobFinder(), verify_seconds=0.2).click("#e01020").effect)
for act in (
    lambda: Desktop(BlobFinder()).locator("#e01020", region=Desktop(BlobFinder()).window("Pads")).click(),
    lambda: Desktop(BlobFinder(), safety=Safety(deny_windows=["Bank"])),
):
    try:
        act()
    except MolmoActError as error:
        print(type(error).__name__, error)
pads.close()
"""


@pytest.mark.display
@pytest.mark.usefixtures("display")  # for its check that the programs are there
def test_without_a_window_manager_clicks_work_and_windows_are_one_error(tmp_path: Path) -> None:
    with x_server(tmp_path) as (variables, _):
        answer = run_python(WITHOUT_WINDOW_MANAGER, **variables)
    effect, *errors = answer.stdout.splitlines()
    assert effect == "changed", answer.stderr
    assert len(errors) == 2
    assert all(line.startswith("PlatformError No window manager on this display") for line in errors)
