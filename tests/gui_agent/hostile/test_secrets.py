"""Secrets that a window repeats in its title and in tips."""

from __future__ import annotations

import pytest

from gui_agent import Area, DesktopError
from tests.gui_agent.hostile.scene import (
    BLUE,
    desktop_with,
    wait_for,
)

pytestmark = [pytest.mark.display, pytest.mark.slow]


def test_titles_and_tips_that_repeat_a_secret_are_hidden(open_hostile, tmp_path) -> None:
    form = open_hostile("--field", "Name", "--title", "Form", "--echo", "--geometry", "400x160+100+100")
    open_hostile(f"dead:Cover={BLUE}", "--title", "Other", "--geometry", "300x100+700+500")
    desktop = desktop_with(record=tmp_path / "record", deny_windows=["*swordfish*"])
    left, top, width, height = form.boxes["Name"]
    desktop.locator("#ffffff", region=Area(left - 2, top - 2, width + 4, height + 4)).first.fill(
        "sword", secret=True
    )
    desktop.type("fish", secret=True)
    titled = wait_for(lambda: [one for one in desktop.backend.windows() if "swordfish" in one.title])
    frame = titled[0].outline
    tip = Area(900, 100, 200, 40)
    shot = desktop.screenshot()
    for hidden in (frame, tip):
        assert not shot.crop(hidden).pixels.any()
    assert shot.crop(Area(700, 500, 300, 100)).pixels.any()
    for act in (
        lambda: desktop.type("x"),
        lambda: desktop.locator(BLUE, region=desktop.window("nowhere")).click(timeout=0),
        lambda: desktop.press("enter"),
    ):
        with pytest.raises(DesktopError) as raised:
            act()
        assert "sword" not in str(raised.value)
    for file in (tmp_path / "record").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
        assert b"sword" not in file.read_bytes()
