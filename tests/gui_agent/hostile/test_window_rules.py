"""Rules about windows and areas: menus, lists, dialogs, titles in disguise, other workspaces."""

from __future__ import annotations

import subprocess
import time

import pytest

from gui_agent import ActionBlockedError, Area, Desktop, NotFound
from tests.gui_agent.hostile.scene import (
    BLUE,
    GREEN,
    POINTER,
    RED,
    desktop_with,
    events,
    wait_for,
)
from tests.gui_agent.x_client import connect
from tests.support.windows import Window, click_at, middle

pytestmark = [pytest.mark.display, pytest.mark.slow]


def open_menu(desktop: Desktop, window: Window, kind: str) -> None:
    if kind == "menu":
        click_at(desktop.backend, *middle(window, "Pad"), button="right")
    elif kind == "combo":
        left, top, width, height = window.boxes["combo"]
        click_at(desktop.backend, left + width - 8, top + height // 2)
    time.sleep(0.4)


@pytest.mark.parametrize("kind", ["menu", "combo", "dialog"])
def test_menus_lists_and_dialogs_obey_the_rules_of_their_window(open_hostile, kind) -> None:
    option = ["--dialog", f"Confirm={RED}"] if kind == "dialog" else [f"--{kind}", RED]
    window = open_hostile(f"dead:Pad={GREEN}", "--title", "Mine", *option)
    open_hostile(f"dead:Other={BLUE}", "--title", "Other", "--geometry", "200x100+900+50")
    received = ("press",) if kind == "dialog" else ("item",)
    rules = [({"deny_windows": ["Mine"]}, False), ({"allow_windows": ["Other"]}, False)]
    for allowed, is_done in [*rules, ({"allow_windows": ["Mine"]}, True)]:
        desktop = desktop_with(**allowed)
        open_menu(desktop, window, kind)
        events(window, "press")
        if is_done:
            desktop.click(RED)
            assert events(window, *received)
        else:
            with pytest.raises(ActionBlockedError, match=r"'.*' is (one of deny|none of allow)_windows"):
                desktop.click(RED)
            assert events(window, *received) == []
        click_at(desktop.backend, 640, 790)  # closes what is open
        click_at(desktop.backend, 640, 790)


@pytest.mark.parametrize("kind", ["menu", "combo"])
def test_the_menu_of_a_window_is_part_of_it_as_a_region(open_hostile, kind) -> None:
    window = open_hostile(
        f"dead:Pad={GREEN}", "--title", "Mine", f"--{kind}", RED, "--geometry", "500x400+100+80"
    )
    desktop = desktop_with()
    open_menu(desktop, window, kind)
    desktop.locator(RED, region=desktop.window("Mine")).click()
    assert events(window, "item")


def test_keys_and_wheel_without_a_target_obey_areas(open_hostile) -> None:
    mine = open_hostile("--field", "Name", f"dead:Save={RED}", "--title", "Mine")
    click_at(desktop_with().backend, *middle(mine, "Save"))
    for rules in ({"deny_areas": [Area(0, 0, 800, 600)]}, {"allow_areas": [Area(900, 500, 100, 100)]}):
        desktop = desktop_with(**rules)
        for act in (
            lambda d=desktop: d.type("x"),
            lambda d=desktop: d.press("x"),
            lambda d=desktop: d.scroll(1),
        ):
            with pytest.raises(ActionBlockedError, match="area"):
                act()
    assert events(mine, "key", "wheel") == []


DISGUISES = {
    "zero width": "My Ba\u200bnk",
    "no-break space": "My\u00a0Bank",
    "space behind": "My Bank ",
    "Cyrillic": "My B\u0430nk",
    "full width": "Ｍｙ　Ｂａｎｋ",
    "upper case": "MY BANK",
    "combining": "My Ba\u0301nk",
}


@pytest.mark.parametrize("name", DISGUISES)
def test_titles_that_look_denied_are_denied_and_are_not_allowed(open_hostile, name) -> None:
    pads = open_hostile(f"dead:Go={RED}", "--title", DISGUISES[name])
    with pytest.raises(ActionBlockedError, match="deny_windows"):
        desktop_with(deny_windows=["My Bank"]).click(RED)
    assert events(pads, *POINTER) == []
    if name in ("Cyrillic", "combining"):  # another title, though it looks the same
        with pytest.raises(ActionBlockedError, match="allow_windows"):
            desktop_with(allow_windows=["My Bank"]).click(RED)


def test_brackets_in_a_title_are_brackets(open_hostile) -> None:
    pads = open_hostile(f"dead:Go={RED}", "--title", "[draft] Bank")
    with pytest.raises(ActionBlockedError, match="deny_windows"):
        desktop_with(deny_windows=["[draft]*"]).click(RED)
    with pytest.raises(ActionBlockedError, match="allow_windows"):
        desktop_with(allow_windows=["[[]draft] Bank"]).click(RED)
    assert events(pads, *POINTER) == []


def test_an_old_title_in_latin_1_is_read(open_hostile, display) -> None:
    pads = open_hostile(f"dead:Go={RED}", "--title", "Old")
    backend = desktop_with().backend
    x = connect(display)
    window = x.create_resource_object("window", backend.windows()[-1].id)
    window.delete_property(x.get_atom("_NET_WM_NAME"))
    window.change_property(x.get_atom("WM_NAME"), x.get_atom("STRING"), 8, "B\u00e4nk".encode("latin-1"))
    x.sync()
    x.close()
    assert backend.windows()[-1].title == "B\u00e4nk"
    with pytest.raises(ActionBlockedError, match="deny_windows"):
        desktop_with(deny_windows=["B\u00e4nk"]).click(RED)
    assert events(pads, *POINTER) == []


def test_a_kiosk_can_be_worked_where_that_is_said(open_hostile, display) -> None:
    kiosk = open_hostile(f"dead:Save={RED}", "--title", "Kiosk", "--kiosk")
    with pytest.raises(ActionBlockedError, match="locked"):
        desktop_with().click(RED)
    desktop_with(respect_lock=False).click(RED)
    assert [one["name"] for one in events(kiosk, "press")] == ["Save"]


def test_a_window_of_another_workspace_is_not_looked_at(open_hostile) -> None:
    open_hostile(f"dead:Far={RED}", "--title", "Far", "--geometry", "300x200+80+80")
    desktop = desktop_with()
    [far] = desktop.backend.windows()
    subprocess.run(["xdotool", "set_desktop_for_window", str(far.id), "1"], check=True)
    wait_for(lambda: not desktop.backend.windows())
    near = open_hostile(f"dead:Near={RED}", "--title", "Near", "--geometry", "300x200+80+80")
    with pytest.raises(NotFound, match="No window titled 'Far' is"):
        desktop.locator(RED, region=desktop.window("Far")).click(timeout=0)
    assert events(near, *POINTER) == []
