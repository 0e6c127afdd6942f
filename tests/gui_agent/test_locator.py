"""Locators and acts on real windows, judged by what the windows received; a finder of colours is the eye."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from gui_agent import ActionBlockedError, Ambiguous, Area, Desktop, NotFound, TimeoutError, Unstable, Window
from gui_agent.vision.overlay import COLOUR, SIDE
from molmo_act.errors import InputError, PlatformError
from tests.support.blob_model import BlobFinder

pytestmark = pytest.mark.display

RED, GREEN, BLUE = "#e01020", "#10a040", "#1040e0"
NOWHERE = "#fefe01"


@pytest.fixture
def desktop(display: str) -> Desktop:
    return desktop_with()


def desktop_with(meanwhile=lambda look: None, **options) -> Desktop:
    return Desktop(BlobFinder(meanwhile), **{"timeout": 5.0, "verify_seconds": 0.2} | options)


def presses(window) -> list[tuple[str, int, list[str]]]:
    """What was pressed until now; an act returns only when its click is over."""
    events = window.received()
    return [(one["name"], one["button"], one["held"]) for one in events if one["event"] == "press"]


# --- which one --------------------------------------------------------------------------------------------


def test_one_of_several(open_pads, desktop) -> None:
    pads = open_pads(f"toggle:Top={RED}", f"toggle:Middle={GREEN}", f"toggle:Low={RED}")
    red = desktop.locator(RED)
    with pytest.raises(
        Ambiguous, match=r"matches 2 things about equally well: .*use first, nth, near"
    ) as raised:
        red.click()
    assert len(raised.value.candidates) == 2
    assert presses(pads) == []
    red.first.click()
    assert presses(pads) == [("Top", 1, [])]
    assert [locator.index for locator in red.all()] == [0, 1]
    assert (red.count(), red.first.count(), red.nth(5).count()) == (2, 1, 0)
    assert red.nth(5).all() == []
    assert red.is_visible()
    assert desktop.locator(NOWHERE).is_hidden()
    assert desktop.locator(NOWHERE, region=Window("no such window")).is_hidden()
    red.last.click()
    assert presses(pads) == [("Low", 1, [])]
    with pytest.raises(NotFound, match="number 2, counted from 0, but 2 match"):
        red.nth(2).click(timeout=0)
    left, top, width, height = pads.boxes["Top"]
    red.inside(Area(left - 5, top - 5, width + 10, height + 10)).click()
    assert presses(pads) == [("Top", 1, [])]
    assert desktop.locator(NOWHERE).all() == []


def test_the_nearest_of_several(open_pads, desktop) -> None:
    pads = open_pads(
        f"toggle:Far={RED}", f"toggle:Between={BLUE}", f"toggle:Near={RED}", f"toggle:Mark={GREEN}"
    )
    desktop.locator(RED).near(GREEN).click()
    assert presses(pads) == [("Near", 1, [])]


# Each row: a mistake, and what is said of it before anything is looked at.
MISTAKES = {
    "no words": (lambda it: it.locator(5), "The query is 5; expected words"),
    "a tuple as region": (
        lambda it: it.locator(RED, region=(0, 0, 9, 9)),
        r"expected Area\(left, top",
    ),
    "a title as region": (
        lambda it: it.locator(RED).inside("Files"),
        r"desktop\.window\('title'\)",
    ),
    "a point to drag to": (
        lambda it: it.locator(RED).drag_to((3, 4)),
        r"The query is \(3, 4\); expected words",
    ),
    "no time": (lambda it: it.locator(RED).click(timeout=-1), "timeout is -1; expected seconds"),
    "no time to appear": (
        lambda it: it.expect(RED).to_be_visible(timeout=-1),
        "timeout is -1; expected seconds",
    ),
    "a key in another language": (
        lambda it: it.press("Kontrol+s"),
        r"no key 'kontrol' .*mean 'control'\?",
    ),
    "a name as model": (lambda _: Desktop("allenai/MolmoPoint-8B"), r"what molmo_act\.load"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_of_a_newcomer(desktop, name) -> None:
    make, message = MISTAKES[name]
    with pytest.raises(InputError, match=message):
        make(desktop)


def test_making_a_locator_looks_at_nothing(desktop) -> None:
    desktop.locator(RED).first.near(desktop.get_by(GREEN, region=desktop.window("none")))
    assert desktop.model.looks == 0
    with pytest.raises(InputError, match="indices start at 0"):
        desktop.locator(RED).nth(-2)


def test_a_window_by_title_wherever_it_is(open_pads, desktop) -> None:
    one = open_pads(f"toggle:A={RED}", "--title", "First Ünit", "--geometry", "300x120+80+80")
    two = open_pads(f"toggle:B={RED}", "--title", "Second", "--geometry", "300x120+700+480")
    in_second = desktop.locator(RED, region=desktop.window("second"))
    in_second.click()
    assert presses(two) == [("B", 1, [])]
    subprocess.run(["xdotool", "search", "--name", "Second", "windowmove", "--sync", "500", "90"], check=True)
    in_second.click()
    assert presses(two) == [("B", 1, [])]
    desktop.locator(RED).inside(Window("first ünit")).click()
    assert presses(one) == [("A", 1, [])]
    with pytest.raises(NotFound, match=r"No window titled 'Third' .*; those that are: .*'Second'"):
        desktop.locator(RED, region=desktop.window("Third")).click(timeout=0)
    with pytest.raises(Ambiguous, match="2 windows titled 's'"):
        desktop.locator(RED, region=desktop.window("s")).click()


@pytest.mark.parametrize("region", [Area(5000, 10, 20, 20), Area(-300, -300, 100, 100)])
def test_a_region_off_screen(desktop, region) -> None:
    with pytest.raises(InputError, match="off screen: this screenshot shows 1280×800 at"):
        desktop.locator(RED, region=region).click()
    with pytest.raises(InputError, match="no monitor 7"):
        desktop.locator(RED, region=desktop.screen(7)).click()


# --- actions ----------------------------------------------------------------------------------------------


def test_buttons_counts_and_modifiers(open_pads, desktop) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    target = desktop.locator(RED)
    target.click(button="right")
    target.click(button="middle")
    target.click(modifiers=["ctrl", "shift"])
    assert presses(pads) == [("Go", 3, []), ("Go", 2, []), ("Go", 1, ["shift", "ctrl"])]
    target.dblclick()
    assert "double" in [event["event"] for event in pads.received()]
    for options, message in [
        ({"button": "fourth"}, "no mouse button 'fourth'"),
        ({"count": 0}, "click of count 0"),
        ({"modifiers": ["hyper"]}, "'hyper' is none; give some of ctrl"),
        ({"modifiers": "ctrl"}, r"modifiers is one string, 'ctrl'; give a list"),
    ]:
        with pytest.raises(InputError, match=message):
            target.click(**options)
    assert presses(pads) == []


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        ("toggle", "changed"),  # looks different afterwards
        ("dead", "unchanged"),  # receives the press and shows nothing
        ("flash", "unchanged"),  # looks different only for a moment
    ],
)
def test_an_act_says_what_came_of_it(open_pads, desktop, kind, effect) -> None:
    pads = open_pads(f"{kind}:Go={RED}")
    result = desktop.locator(RED).click()
    assert result.effect == effect
    assert presses(pads) == [("Go", 1, [])]
    left, top, width, height = pads.boxes["Go"]
    assert result.point == (left + width // 2, top + height // 2)
    assert result.score == pytest.approx(0.9)
    assert result.before.view == result.after.view
    assert 0 <= result.model_seconds + result.act_seconds + result.verify_seconds < result.seconds
    assert result.draw().size == (1280, 800)


def test_hovering(open_pads, desktop) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    desktop.backend.move(5, 700)
    result = desktop.locator(RED).hover()
    assert (result.action, result.effect) == ("hover", "unchanged")
    assert pads.next_event() == {"event": "enter", "name": "Go"}
    assert desktop.backend.position() == result.point


def test_dragging_a_slider(open_pads, desktop) -> None:
    pads = open_pads("--slider", RED, f"toggle:End={GREEN}", "--geometry", "480x200+200+120")
    result = desktop.locator(RED).nth(1).drag_to(GREEN)
    assert result.effect == "changed"
    assert [found.query for found in result.targets] == [RED, GREEN]
    values = [event["value"] for event in pads.received() if event["event"] == "value"]
    assert values
    assert values[-1] > 20


def test_scrolling_until_something_shows(open_pads, desktop) -> None:
    pads = open_pads("--list", RED)
    assert desktop.locator(GREEN).all() == []
    left, top, width, height = pads.boxes["list"]
    desktop.backend.move(left + width // 2, top + height // 2)
    found = desktop.scroll_until(RED)
    assert found.query == RED
    with pytest.raises(NotFound, match="does not scroll further"):
        desktop.scroll_until(GREEN)
    assert desktop.scroll(-3).effect == "changed"


def test_what_the_last_turn_of_the_wheel_brings_is_seen(open_pads, desktop) -> None:
    pads = open_pads("--list", RED)
    left, top, width, height = pads.boxes["list"]
    desktop.backend.move(left + width // 2, top + height // 2)
    with pytest.raises(NotFound, match="within 0 turns of the wheel"):
        desktop.scroll_until(RED, down=100, most=0)
    assert desktop.scroll_until(RED, down=100, most=1).query == RED


TEXTS = ["Ünal < 3", "second", "日本語"]


def test_filling_replaces_what_was_there(open_window, desktop) -> None:
    form = open_window("--button", f"Mark={RED}", "--field", "Name", "--area", "Notes")
    for name in ("Name", "Notes"):
        left, top, width, height = form.boxes[name]
        field = desktop.locator("#ffffff", region=Area(left - 2, top - 2, width + 4, height + 4)).first
        for text in TEXTS:
            assert field.fill(text).effect == "changed"
            assert form.final_text(text) == text
        field.clear()
        assert form.final_text("") == ""
        field.fill("again")
        assert field.fill("").action == "clear"
        assert form.final_text("") == ""


def test_an_empty_or_impossible_text_does_nothing(open_window, desktop) -> None:
    form = open_window("--button", f"Mark={RED}")
    for act, text in ((desktop.locator(RED).fill, "a\x07"), (desktop.type, "a\x07"), (desktop.type, "")):
        with pytest.raises(InputError, match="Nothing was typed"):
            act(text)
    for chord in ("ctrl+hyperspace", "ctrl+"):
        for act in (desktop.locator(RED).press, desktop.press):
            with pytest.raises(InputError, match="key"):
                act(chord)
    assert form.received() == []
    assert desktop.model.looks == 0


def test_without_a_clipboard_a_field_is_left_as_it_is(open_window, desktop, monkeypatch) -> None:
    form = open_window("--field", "Name")
    field = desktop.locator("#ffffff").first
    field.fill("before")
    assert form.final_text("before") == "before"
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(PlatformError, match=r"apt install xclip\. Nothing was typed"):
        field.fill("Ü")
    assert form.received() == []


def test_pressing_keys_in_a_field(open_window, desktop) -> None:
    form = open_window("--field", "Name")
    left, top, width, height = form.boxes["Name"]
    field = desktop.locator("#ffffff", region=Area(left - 2, top - 2, width + 4, height + 4)).first
    field.fill("abc")
    field.press("backspace")
    assert form.final_text("ab") == "ab"
    desktop.press("x")
    assert form.final_text("abx") == "abx"


# --- waiting ----------------------------------------------------------------------------------------------


def test_a_click_waits_for_its_target(open_pads) -> None:
    opened = []
    desktop = desktop_with(lambda look: opened or opened.append(open_pads(f"toggle:Late={RED}")), timeout=20)
    desktop.locator(RED).click()
    assert presses(opened[0]) == [("Late", 1, [])]


class UnsureAtFirst(BlobFinder):
    """Has no confidence in its first answer."""

    def point(self, image, query: str):
        points = super().point(image, query)
        return replace(points, score=[0.05] * len(points)) if self.looks == 1 else points


def test_a_click_waits_for_a_place_that_is_likely_enough(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    model = UnsureAtFirst(
        lambda look: look == 1 and open_pads(f"dead:Late={GREEN}", "--geometry", "+700+400")
    )
    Desktop(model, timeout=20, verify_seconds=0.2).click(RED)
    assert presses(pads) == [("Go", 1, [])]
    with pytest.raises(ActionBlockedError, match=r"score of 0\.050, under min_score 0\.1"):
        Desktop(UnsureAtFirst(), timeout=0.3, verify_seconds=0.2).click(RED)
    assert presses(pads) == []


def test_what_is_not_there_is_not_found_in_time(display) -> None:
    desktop = desktop_with()
    began = time.monotonic()
    with pytest.raises(NotFound, match="Nothing on the screen matches"):
        desktop.locator(NOWHERE).click(timeout=0.6)
    assert 0.6 <= time.monotonic() - began < 5
    assert desktop.model.looks == 1  # the model is not asked again about the same image


def test_expecting(open_pads, desktop) -> None:
    with pytest.raises(TimeoutError, match=r"did not appear within 0\.3 s"):
        desktop.expect(RED).to_be_visible(timeout=0.3)
    pads = open_pads(f"toggle:Go={RED}", f"toggle:Twin={RED}")
    assert desktop.expect(RED).to_be_visible(timeout=0).query == RED
    there = desktop.locator(RED).first.wait_for()
    assert (there.action, there.effect, len(there.targets)) == ("expect", "unchanged", 1)
    with pytest.raises(TimeoutError, match="did not disappear within 0 s"):
        desktop.locator(RED).wait_for("hidden", timeout=0)
    closing = desktop_with(lambda look: look == 1 and pads.close())
    gone = closing.locator(RED).wait_for("hidden", timeout=20)
    assert (gone.action, gone.effect, gone.targets) == ("expect_hidden", "changed", ())
    assert gone.before.pixels.sum() != gone.after.pixels.sum()
    assert 0 <= gone.model_seconds < gone.seconds
    desktop.expect(RED).to_be_hidden(timeout=0)
    with pytest.raises(InputError, match="expected 'visible' or 'hidden'"):
        desktop.locator(RED).wait_for("asleep")


# --- what comes in between ---------------------------------------------------------------------------------


def test_a_window_that_moves_once_while_aimed_at(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}", "--title", "Mover", "--geometry", "300x120+80+80")
    move = ["xdotool", "search", "--name", "Mover", "windowmove", "--sync", "700", "500"]
    desktop = desktop_with(lambda look: look == 1 and subprocess.run(move, check=True))
    result = desktop.locator(RED).click()
    assert presses(pads) == [("Go", 1, [])]
    assert result.point[0] > 600
    assert desktop.model.looks >= 2


def test_a_window_that_never_stays(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}", "--title", "Mover", "--geometry", "300x120+80+80")

    def move(look: int) -> None:
        place = ("80", "80") if look % 2 else ("700", "500")
        command = ["xdotool", "search", "--name", "Mover", "windowmove", "--sync", *place]
        subprocess.run(command, check=True)

    subprocess.run(["xdotool", "search", "--name", "Mover", "windowmove", "--sync", "700", "500"], check=True)
    with pytest.raises(Unstable, match="does not hold still"):
        desktop_with(move).locator(RED).click(timeout=1)
    assert presses(pads) == []


def test_a_screen_that_never_settles(open_pads, desktop) -> None:
    pads = open_pads(f"toggle:Go={RED}", "--flicker")
    with pytest.raises(Unstable, match="or the screen around it does not"):
        desktop.locator(RED).click(timeout=1)
    assert presses(pads) == []


@pytest.mark.parametrize("kind", ["shy", "jumpy"])
def test_what_moves_when_the_pointer_comes(open_pads, desktop, kind) -> None:
    desktop.backend.move(5, 700)  # not where the window opens
    pads = open_pads(f"{kind}:Runner={RED}", f"toggle:Bystander={GREEN}")
    if kind == "jumpy":
        assert desktop.locator(RED).click(timeout=0).effect == "changed"  # as with a model that is slow
        assert desktop.model.looks >= 2
        assert presses(pads) == [("Runner", 1, [])]
    else:
        with pytest.raises(
            Unstable, match=r"moved or was covered each time the pointer came\. Nothing was done\."
        ):
            desktop.locator(RED).click(timeout=1)
        assert presses(pads) == []


def test_something_that_moves_elsewhere_is_no_obstacle(open_pads, desktop) -> None:
    pads = open_pads(f"toggle:Go={RED}", f"dead:Still={GREEN}", "--spinner")
    assert desktop.locator(RED).click().effect == "changed"
    assert presses(pads) == [("Go", 1, [])]
    assert desktop.locator(GREEN).click().effect == "unverifiable"
    assert presses(pads) == [("Still", 1, [])]


@pytest.mark.parametrize(
    ("geometry", "popup", "error"),
    [
        ("480x360+200+120", (f"toggle:Other={BLUE}", "--title", "Dialog"), NotFound),  # over the target
        ("300x120+80+80", (f"toggle:Twin={RED}", "--geometry", "300x120+700+500"), Ambiguous),  # elsewhere
    ],
)
def test_a_window_that_pops_up_in_between(open_pads, geometry, popup, error) -> None:
    pads = open_pads(f"toggle:Go={RED}", "--geometry", geometry)
    popups = []

    def pop_up(look: int) -> None:
        if look == 1:
            popups.append(open_pads(*popup))

    with pytest.raises(error):
        desktop_with(pop_up).locator(RED).click(timeout=1)
    assert presses(pads) == presses(popups[0]) == []


def test_a_covered_target_in_a_window_is_refused(open_pads, desktop) -> None:
    below = open_pads(f"toggle:Below={GREEN}", "--title", "Below")
    above = open_pads(f"toggle:Above={RED}", "--title", "Cover")
    subprocess.run(["xdotool", "search", "--name", "Cover", "windowactivate", "--sync"], check=True)
    with pytest.raises(ActionBlockedError, match="the window 'Cover' covers 'Below'"):
        desktop.locator(RED, region=desktop.window("Below")).click()
    assert presses(below) == presses(above) == []


@pytest.fixture
def resize(display: str) -> Iterator[Callable[[str], None]]:
    """Makes the display smaller, as a monitor that is unplugged does, and large again at the end."""

    def xrandr(*words: str) -> None:
        subprocess.run(["xrandr", *words], check=True, capture_output=True)

    xrandr("--newmode", "1024x768", *["0", "1024", "0", "0", "1024", "768", "0", "0", "768"])
    xrandr("--addmode", "screen", "1024x768")
    yield lambda mode: xrandr("--output", "screen", "--mode", mode)
    xrandr("--output", "screen", "--mode", "1280x800")


def test_a_screen_resized_in_between(open_pads, resize) -> None:
    pads = open_pads(f"toggle:Go={RED}", "--geometry", "300x120+80+80")
    desktop = desktop_with(lambda look: look == 1 and resize("1024x768"))
    with pytest.raises(PlatformError, match="a monitor may have gone"):
        desktop.locator(RED).click()
    assert presses(pads) == []
    desktop.locator(RED).click()
    assert presses(pads) == [("Go", 1, [])]
    assert desktop.screenshot().view.size == (1024, 768)


# --- what Playwright users look for -----------------------------------------------------------------------


def test_filters_boxes_and_frames(open_pads, desktop, monkeypatch) -> None:
    pads = open_pads(f"dead:Top={RED}", f"dead:Low={RED}")
    low = desktop.locator(RED).filter(within=Area(*pads.boxes["Low"]))
    low.click()
    assert presses(pads) == [("Low", 1, [])]
    assert low.bounding_box() == Area(*pads.boxes["Low"])
    drawn = []
    clock = desktop.context.clock
    monkeypatch.setattr(type(clock), "sleep", lambda self, seconds: drawn.append(desktop.screenshot().pixels))
    match = low.highlight()
    left, top = (value - SIDE // 2 for value in match.point)
    frame = [int(COLOUR[i : i + 2], 16) for i in (1, 3, 5)]
    assert (drawn[-1][top, left : left + SIDE] == frame).all()
    assert not (desktop.screenshot().pixels == frame).all(axis=-1).any()


def test_a_text_is_added_a_character_at_a_time(open_window, desktop) -> None:
    form = open_window("--field", "Name")
    field = desktop.locator("#ffffff", region=Area(*form.boxes["Name"])).first
    field.fill("ab")
    desktop.press("end")
    began = time.monotonic()
    result = field.press_sequentially("cÜ\u2260d", delay=0.1)
    assert time.monotonic() - began >= 0.3
    assert result.arguments == {"text": "cÜ\u2260d", "delay": 0.1}
    assert sorted(form.final_text("abcÜ\u2260d") or "") == sorted("abcÜ\u2260d")


def test_a_drag_in_many_steps(open_pads, desktop) -> None:
    open_pads(f"dead:From={RED}", f"dead:To={BLUE}")
    moves = []
    real = desktop.backend.move
    desktop.backend.move = lambda x, y: (moves.append((x, y)), real(x, y))
    result = desktop.locator(RED).drag_to(BLUE, steps=60)
    assert len(moves) >= 60
    assert result.act_seconds >= 0.6
