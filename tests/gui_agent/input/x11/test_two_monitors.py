"""Two monitors of an Xorg with the dummy driver, of different sizes; one of them is unplugged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gui_agent.two_monitors import XORG

ROOT = Path(__file__).parents[4]
DRIVER = Path("/usr/lib/xorg/modules/drivers/dummy_drv.so")


@pytest.mark.display
@pytest.mark.slow
def test_clicks_land_on_either_and_stop_when_one_goes(display: str) -> None:
    if not (Path(XORG).exists() and DRIVER.exists()):
        pytest.skip("needs Xorg's dummy driver: apt install xserver-xorg-core xserver-xorg-video-dummy")
    answer = subprocess.run(
        [sys.executable, "-m", "tests.gui_agent.two_monitors"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout.splitlines()[-1])
    assert found["monitors"] == ["1280x800", "800x600"]
    assert found["pressed"] == ["Left", "Left", "Right"]
    assert found["elsewhere"].startswith("NotFound")
    assert found["unplugged meanwhile"].startswith("PlatformError: The screen cannot be captured")
    assert found["unplugged before"].startswith("InputError: There is no monitor 2")
    assert found["pressed after"] == []
