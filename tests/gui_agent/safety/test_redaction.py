"""Windows in which a secret was typed stay out of images until they close."""

from __future__ import annotations

import subprocess

import pytest

from gui_agent import Area, Desktop
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.safety.redaction import EVERYWHERE, Secrets
from molmo_act.errors import PlatformError
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import FakeBackend


def test_a_listed_window_is_hidden_wherever_it_is_until_it_closes() -> None:
    backend = FakeBackend()
    form, other = WindowInfo(1, "Form", Area(10, 10, 50, 50), None), WindowInfo(2, "", Area(0, 0, 9, 9), None)
    backend.shown = [form, other]
    secrets = Secrets(backend)
    secrets.note(form)
    assert secrets.areas() == (form.area,)
    backend.shown = [other, WindowInfo(1, "Form", Area(90, 10, 50, 50), None)]
    assert secrets.areas() == (Area(90, 10, 50, 50),)
    backend.shown = [other]
    assert secrets.areas() == ()
    backend.shown = None  # the window manager has ended
    assert secrets.areas() == (EVERYWHERE,)


def test_panels_repeat_titles_for_as_long_as_the_window_is_shown() -> None:
    backend = FakeBackend()
    form = WindowInfo(1, "Form: hunter2", Area(10, 10, 50, 50), None)
    taskbar = WindowInfo(2, "panel", Area(0, 220, 320, 20), None, is_panel=True)
    backend.shown = [form, taskbar]
    secrets = Secrets(backend)
    assert secrets.areas() == ()
    secrets.note(form)
    assert secrets.areas() == (form.area, taskbar.area)
    assert secrets.title_of(taskbar) == "panel"
    backend.shown = [taskbar]
    assert secrets.areas() == ()


@pytest.mark.display
def test_secrets_stay_out_of_results_and_images(open_window, tmp_path) -> None:
    form = open_window("--field", "Password", "--geometry", "300x120+80+80")
    left, top, width, height = form.boxes["Password"]
    field = Area(left - 2, top - 2, width + 4, height + 4)
    desktop = Desktop(BlobFinder(), timeout=5.0, verify_seconds=0.1)
    result = desktop.locator("#ffffff", region=field).first.fill("hunter2 ü", secret=True)
    assert form.final_text("hunter2 ü") == "hunter2 ü"
    assert "hunter2" not in repr(result)
    assert result.effect == "changed"
    seen = (slice(top, top + height), slice(left, left + width))
    assert result.before.pixels[seen].any()  # before it was typed there was nothing to hide
    shots = [
        result.after,
        desktop.screenshot(tmp_path / "now.png"),
        desktop.locator("#d9d9d9").first.find().screenshot,
    ]
    shots.append(desktop.type("!").after)
    for shot in shots:
        assert not shot.pixels[seen].any()
        assert shot.bgrx[seen].any()
    subprocess.run(["xdotool", "getactivewindow", "windowmove", "--sync", "600", "400"], check=True)
    moved = desktop.screenshot()
    assert not moved.crop(Area(610, 430, 280, 100)).pixels.any()
    desktop.forget_secrets()
    assert desktop.screenshot().crop(Area(610, 430, 280, 100)).pixels.any()


def test_a_secret_in_an_unknown_window_hides_the_whole_screen() -> None:
    secrets = Secrets(FakeBackend())
    assert secrets.areas() == ()
    secrets.note(None)
    assert secrets.areas() == (EVERYWHERE,)
    secrets.forget()
    assert secrets.areas() == ()
    secrets.note(WindowInfo(1, "", Area(0, 0, 9, 9), None))  # a popup, which no window manager lists
    assert secrets.areas() == (EVERYWHERE,)


def test_a_secret_is_hidden_also_where_no_window_manager_lists_windows() -> None:
    class Unmanaged:
        def windows(self) -> list[WindowInfo]:
            raise PlatformError("No window manager on this display keeps a list of windows (EWMH).")

    secrets = Secrets(Unmanaged())
    secrets.note(WindowInfo(1, "", Area(0, 0, 9, 9), None))
    assert secrets.areas() == (EVERYWHERE,)
