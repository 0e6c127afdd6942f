"""Clicks on real windows of a real display, judged by what the windows received."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from gui_agent import ActionBlockedError, Area, Desktop, NotFound, Safety
from gui_agent.input.pyautogui_backend import PyAutoGuiBackend
from gui_agent.vision.annotate import MARK
from molmo_act.errors import InputError, PlatformError

pytestmark = pytest.mark.display

RED, GREEN, BLUE = "#e01020", "#10a040", "#1040e0"
FORM = (
    "--button",
    f"Open={RED}",
    "--button",
    f"Save={GREEN}",
    "--button",
    f"Quit={BLUE}",
    "--font-size",
    "24",
)


def inside(point: tuple[float, float], box: list[int]) -> bool:
    left, top, width, height = box
    return left <= point[0] < left + width and top <= point[1] < top + height


@pytest.mark.parametrize(
    ("query", "button"),
    [
        (RED, "Open"),  # the first of three
        (GREEN, "Save"),  # the one in between
        (BLUE, "Quit"),  # the last
    ],
)
def test_the_clicked_button_says_that_it_was_pressed(open_window, colour_finder, query, button) -> None:
    window = open_window(*FORM)
    result = Desktop(colour_finder).click(query)
    assert window.next_event() == {"event": "press", "name": button}
    [found] = result.targets
    assert inside(found.point, window.boxes[button])
    assert inside(found.pixel, window.boxes[button])  # scale 1, origin 0: the spaces agree here


@pytest.mark.parametrize(
    "place",
    [
        "0+0",  # in the top-left corner
        "900+40",  # at the right edge
        "-200+500",  # partly off the screen
    ],
)
def test_windows_anywhere_on_the_screen(open_window, colour_finder, place) -> None:
    x, y = place.rsplit("+", 1)
    window = open_window("--button", f"Go={RED}", "--geometry", f"300x120+{x}+{y}", "--font-size", "40")
    Desktop(colour_finder).click(RED)
    assert window.next_event() == {"event": "press", "name": "Go"}


def test_finding_moves_and_presses_nothing(open_window, colour_finder) -> None:
    window = open_window(*FORM)
    desktop = Desktop(colour_finder)
    before = desktop.backend.position()
    desktop.find(RED)
    assert desktop.backend.position() == before
    assert window.received() == []


def test_a_low_score_is_found_but_not_clicked(open_window, colour_finder) -> None:
    window = open_window(*FORM)
    colour_finder.score = 0.29
    desktop = Desktop(colour_finder, safety=Safety(min_score=0.3))
    assert desktop.find(RED).score == pytest.approx(0.29)
    with pytest.raises(
        ActionBlockedError,
        match=r"score of 0\.290, under min_score 0\.3\. Name it more exactly\. Nothing was done",
    ):
        desktop.click(RED, timeout=0)
    assert window.received() == []
    colour_finder.score = 0.31
    desktop.click(RED)
    assert window.next_event() == {"event": "press", "name": "Open"}


def test_nothing_on_the_screen_matches(open_window, colour_finder) -> None:
    window = open_window(*FORM)
    with pytest.raises(NotFound, match="Nothing on the screen matches '#fefe01'"):
        Desktop(colour_finder, timeout=0).click("#fefe01")
    assert window.received() == []


IN_OTHER_LANGUAGES = [
    "der Speichern-Knopf",  # the alphabet of English
    "кнопка «Сохранить»",  # another one
    "保存按钮",  # none
    "زر الحفظ",  # from right to left
]


@pytest.mark.slow
def test_a_language_that_nano_does_not_know(open_window) -> None:
    buttons = [word for name in ("Open", "Save", "Print", "Cancel") for word in ("--button", name)]
    window = open_window(*buttons, "--geometry", "400x280+30+40", "--font-size", "12")
    desktop = Desktop(timeout=0)
    region = Area(0, 0, 480, 360)
    for query in IN_OTHER_LANGUAGES:
        with pytest.raises(NotFound, match="small models know English only") as raised:
            desktop.locator(query, region=region).click()
        assert query in str(raised.value)
    assert window.received() == []
    desktop.locator("the Save button", region=region).click(timeout=5)
    assert window.next_event() == {"event": "press", "name": "Save"}


def test_the_fail_safe_corner_stops_a_click(open_window, colour_finder) -> None:
    window = open_window(*FORM)
    desktop = Desktop(colour_finder)
    subprocess.run(["xdotool", "mousemove", "0", "0"], check=True)
    try:
        with pytest.raises(ActionBlockedError, match="fail-safe"):
            desktop.click(RED)
        with pytest.raises(ActionBlockedError, match="fail-safe"):
            desktop.type("x")
        assert window.received() == []
    finally:
        release_fail_safe(desktop)
    desktop.click(RED)
    assert window.next_event() == {"event": "press", "name": "Open"}


def test_a_target_in_the_fail_safe_corner_is_refused_before_the_pointer_goes_there(display) -> None:
    backend = PyAutoGuiBackend()
    backend.move(300, 300)
    with pytest.raises(ActionBlockedError, match=r"The target lies at \(0, 0\)"):
        backend.move(0, 0)
    assert backend.position() == (300, 300)


def release_fail_safe(desktop: Desktop) -> None:
    """Moves the pointer away by other means than the ones that are stopped."""
    subprocess.run(["xdotool", "mousemove", "640", "400"], check=True)
    assert desktop.backend.position() == (640, 400)


def test_a_pointer_that_does_not_arrive_is_refused(open_window, colour_finder) -> None:
    class Confined(PyAutoGuiBackend):
        def move(self, x: int, y: int) -> None:
            super().move(x + 5, y)

    window = open_window(*FORM)
    with pytest.raises(ActionBlockedError, match="The pointer was sent to"):
        Desktop(colour_finder, backend=Confined()).click(RED)
    assert window.received() == []


def test_screenshot_shows_the_window_and_is_written(open_window, colour_finder, tmp_path) -> None:
    window = open_window(*FORM)
    shot = Desktop(colour_finder).screenshot(tmp_path / "now.png")
    assert shot.pixels.shape == (800, 1280, 3)
    assert shot.pixels.dtype == np.uint8
    assert not shot.pixels.flags.writeable
    left, top, _, _ = window.boxes["Save"]
    assert tuple(shot.pixels[top + 6, left + 6]) == (0x10, 0xA0, 0x40)  # RGB, not BGR
    with Image.open(tmp_path / "now.png") as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), shot.pixels)


def test_one_monitor_is_the_whole_of_this_display(display, colour_finder) -> None:
    assert Desktop(colour_finder, monitor=1).screenshot().view == Desktop(colour_finder).screenshot().view
    with pytest.raises(InputError, match="no monitor 2"):
        Desktop(colour_finder, monitor=2).screenshot()
    with pytest.raises(InputError, match="monitor is -1; expected a whole number from 0 to 64"):
        Desktop(colour_finder, monitor=-1)


@pytest.fixture
def two_monitors(display) -> Iterator[None]:
    """Splits the display into a left and a right monitor of different widths."""
    set_monitor = ["xrandr", "--setmonitor"]
    subprocess.run([*set_monitor, "left", "800/210x800/210+0+0", "screen"], check=True, capture_output=True)
    subprocess.run([*set_monitor, "right", "480/130x800/210+800+0", "none"], check=True, capture_output=True)
    yield
    for name in ("left", "right"):
        subprocess.run(["xrandr", "--delmonitor", name], check=True, capture_output=True)


@pytest.mark.usefixtures("two_monitors")
def test_a_click_on_the_second_monitor_counts_from_its_own_corner(open_window, colour_finder) -> None:
    window = open_window("--button", f"Go={RED}", "--geometry", "300x120+900+500")
    desktop = Desktop(colour_finder, monitor=2)
    [found] = desktop.click(RED).targets
    assert window.next_event() == {"event": "press", "name": "Go"}
    assert found.screenshot.view.size == (480, 800)
    assert found.point == (int(found.pixel[0]) + 800, int(found.pixel[1]))
    with pytest.raises(NotFound):
        Desktop(colour_finder, monitor=1).find(RED)


def test_another_display_than_the_first_is_refused(display, colour_finder, monkeypatch) -> None:
    desktop = Desktop(colour_finder)
    monkeypatch.setenv("DISPLAY", ":250")
    with pytest.raises(PlatformError, match=r"bound to display .* DISPLAY is now :250"):
        desktop.screenshot()


def test_the_drawing_marks_the_place(open_window, colour_finder) -> None:
    open_window(*FORM)
    found = Desktop(colour_finder).find(RED)
    image = found.draw()
    plain = found.screenshot.to_image()
    assert image.size == plain.size
    x, y = (int(value) for value in found.pixel)
    marked = np.argwhere((np.asarray(image) == MARK).all(axis=-1))  # rows, columns
    assert marked[:, 0].min() + marked[:, 0].max() == 2 * y
    assert marked[:, 1].min() + marked[:, 1].max() == 2 * x
