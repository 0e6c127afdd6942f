"""What an agent may not do, tried on real windows: it is refused, and the window received nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from gui_agent import Area, Desktop, Refused, Safety
from gui_agent.capture import Capture
from gui_agent.errors import NotFound
from gui_agent.screen_connection import ScreenConnection
from gui_agent.secret_windows import EVERYWHERE, Secrets
from gui_agent.x11_windows import WindowInfo
from molmo_act.errors import InputError, PlatformError

from .conftest import BlobFinder

pytestmark = pytest.mark.display

RED, GREEN = "#e01020", "#10a040"


class NamedFinder(BlobFinder):
    """Understands "the delete button #e01020": looks for the colour at the end of a query."""

    def point(self, image, query):
        return super().point(image, query.split()[-1])


def desk_with(meanwhile=lambda look: None, dry_run: bool = False, **rules) -> Desktop:
    safety = Safety(**rules)
    return Desktop(NamedFinder(meanwhile), safety=safety, timeout=0.8, verify_seconds=0.1, dry_run=dry_run)


def was_pressed(window) -> bool:
    events = []
    while (event := window.next_event(0.15)) is not None:
        events.append(event["event"])
    return "press" in events


WORDS = [
    ({"deny_words": ["Quit"]}, f"quit {RED}", "contains 'Quit', one of deny_words"),
    ({"allow_words": ["save", "open file"]}, f"close {RED}", "contains none of allow_words"),
    ({}, f"the delete button {RED}", "contains 'delete', which may destroy something"),
    (
        {"confirm": lambda question: False},
        f"Pay now {RED}",
        "Consent to act on 'Pay now #e01020' was not given",
    ),
]


@pytest.mark.parametrize(("rules", "query", "message"), WORDS)
def test_words_of_a_locator(display, rules, query, message) -> None:
    desk = desk_with(**rules)
    before = desk.backend.position()
    for act in (desk.locator(query).click, desk.locator(query).hover):
        with pytest.raises(Refused, match=message):
            act()
    assert desk.model.looks == 0
    assert desk.backend.position() == before


def test_words_that_are_allowed(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    asked = []
    desk = desk_with(confirm=lambda question: asked.append(question) or True)
    desk.click(f"the deleted items {RED}")  # not the word itself
    assert was_pressed(pads)
    assert asked == []
    desk.click(f"Delete {RED}")
    assert was_pressed(pads)
    assert asked == [f"Act on 'Delete {RED}'?"]
    desk_with(allow_words=["open file"]).click(f"Open  File, open file {RED}")
    assert was_pressed(pads)


def test_areas(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}", "--geometry", "300x120+80+80")
    pad, elsewhere = Area(*pads.boxes["Go"]), Area(900, 500, 50, 50)
    with pytest.raises(Refused, match="lies in a denied area, 120×60 at"):
        desk_with(deny_areas=[elsewhere, pad]).click(RED)
    with pytest.raises(Refused, match="outside all of allow_areas"):
        desk_with(allow_areas=[elsewhere]).click(RED)
    assert not was_pressed(pads)
    desk_with(allow_areas=[elsewhere, pad]).click(RED)
    assert was_pressed(pads)


def test_windows(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}", "--title", "My Bank")
    with pytest.raises(Refused, match="The window 'My Bank' is one of deny_windows"):
        desk_with(deny_windows=["*bank*"]).click(RED)
    with pytest.raises(Refused, match="'My Bank' is none of allow_windows"):
        desk_with(allow_windows=["Notes", "Files"]).click(RED)
    for act in (lambda desk: desk.type("x"), lambda desk: desk.press("enter")):  # it has the focus
        with pytest.raises(Refused, match="'My Bank' is one of deny_windows"):
            act(desk_with(deny_windows=["*bank*"]))
    assert not was_pressed(pads)
    desk_with(allow_windows=["my*"]).click(RED)
    assert was_pressed(pads)


def test_the_allowed_window_moves_away_in_between(open_pads) -> None:
    allowed = open_pads(f"toggle:Mine={RED}", "--title", "Mine", "--geometry", "300x120+80+80")
    denied = open_pads(f"toggle:Other={RED}", "--title", "Other", "--geometry", "300x120+500+500")

    def swap(look: int) -> None:  # the other one comes to lie where the allowed one was
        if look == 1:
            for title, place in (("Mine", ("900", "100")), ("Other", ("80", "80"))):
                command = ["xdotool", "search", "--name", title, "windowmove", "--sync", *place]
                subprocess.run(command, check=True)

    left, top, width, height = allowed.boxes["Mine"]
    place = Area(left - 20, top - 20, width + 40, height + 40)
    with pytest.raises(Refused, match="'Other' is none of allow_windows"):
        desk_with(swap, allow_windows=["Mine"]).locator(RED, region=place).click()
    assert not was_pressed(allowed)
    assert not was_pressed(denied)


def test_acts_per_minute(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    desk = desk_with(max_actions_per_minute=2)
    desk.click(RED)
    desk.click(RED)
    assert was_pressed(pads)
    with pytest.raises(Refused, match="2 acts within a minute"):
        desk.click(RED)
    with pytest.raises(Refused, match="2 acts within a minute"):
        desk.press("x")
    assert not was_pressed(pads)


@pytest.fixture
def hold_key(display: str) -> Iterator[object]:
    def hold(key: str) -> None:
        subprocess.run(["xdotool", "keydown", key], check=True)

    yield hold
    subprocess.run(["xdotool", "keyup", "Escape"], check=True)


def test_the_abort_key_stops_everything_until_it_is_taken_back(open_pads, hold_key) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    desk = desk_with(lambda look: look == 1 and hold_key("Escape"))
    with pytest.raises(Refused, match="held the abort key 'esc'"):
        desk.click(RED)
    subprocess.run(["xdotool", "keyup", "Escape"], check=True)
    with pytest.raises(Refused, match="until resume"):
        desk.press("x")
    assert not was_pressed(pads)
    desk.resume()
    desk.click(RED)
    assert was_pressed(pads)


def test_a_dry_run_does_nothing_and_shows_what_would_happen(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}", f"toggle:There={GREEN}")
    desk = desk_with(dry_run=True)
    before = desk.backend.position()
    for result in (
        desk.locator(RED).click(),
        desk.locator(RED).drag_to(desk.locator(GREEN)),
        desk.locator(RED).fill("text"),
        desk.press("ctrl+a"),
    ):
        assert (result.effect, result.dry_run) == ("unverifiable", True)
        assert result.draw().size == (1280, 800)
    assert desk.backend.position() == before
    with pytest.raises(Refused):
        desk_with(dry_run=True, min_score=0.95).click(RED)
    with pytest.raises(NotFound):
        desk.locator("#fefe01").click(timeout=0)
    assert not was_pressed(pads)


def test_secrets_stay_out_of_results_and_pictures(open_window, tmp_path) -> None:
    form = open_window("--field", "Password", "--geometry", "300x120+80+80")
    left, top, width, height = form.boxes["Password"]
    field = Area(left - 2, top - 2, width + 4, height + 4)
    desk = desk_with()
    result = desk.locator("#ffffff", region=field).first.fill("hunter2 ü", secret=True)
    assert form.final_text("hunter2 ü") == "hunter2 ü"
    assert "hunter2" not in repr(result)
    assert result.effect == "changed"
    seen = (slice(top, top + height), slice(left, left + width))
    assert result.before.pixels[seen].any()  # before it was typed there was nothing to hide
    shots = [
        result.after,
        desk.screenshot(tmp_path / "now.png"),
        desk.locator("#d9d9d9").first.find().screenshot,
    ]
    shots.append(desk.type("!").after)
    for shot in shots:
        assert not shot.pixels[seen].any()
        assert shot.bgrx[seen].any()
    subprocess.run(["xdotool", "getactivewindow", "windowmove", "--sync", "600", "400"], check=True)
    moved = desk.screenshot()
    assert not moved.crop(Area(610, 430, 280, 100)).pixels.any()
    desk.forget_secrets()
    assert desk.screenshot().crop(Area(610, 430, 280, 100)).pixels.any()


def test_a_secret_in_an_unknown_window_hides_the_whole_screen(display) -> None:
    secrets = Secrets(Desktop(BlobFinder()).backend)
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


def test_a_window_that_closes_while_the_screen_is_captured_stays_hidden(display) -> None:
    dialog = Area(10, 10, 50, 50)
    answers = iter([(dialog,), ()])  # before the picture is taken, and after
    capture = Capture(ScreenConnection(), (1280, 800), lambda: next(answers))
    assert capture.take().hidden == (dialog,)


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_an_impossible_score_floor(score) -> None:
    with pytest.raises(InputError, match="min_score"):
        Safety(min_score=score)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"deny_windows": "Bank"}, "deny_windows is one string, 'Bank'"),
        ({"max_actions_per_minute": 0}, "give at least 1"),
    ],
)
def test_impossible_rules(rules, message) -> None:
    with pytest.raises(InputError, match=message):
        Safety(**rules)


def test_rules_about_windows_need_windows_that_can_be_told_apart() -> None:
    class NoWindows:
        def require_keys(self, *keys: str) -> None:
            pass

        def windows(self) -> list:
            raise PlatformError("Windows can be found by title on X11 only.")

    Desktop(BlobFinder(), backend=NoWindows())
    with pytest.raises(PlatformError, match="on X11 only"):
        Desktop(BlobFinder(), backend=NoWindows(), safety=Safety(deny_windows=["Bank"]))


def test_an_unknown_abort_key_is_noticed_at_once(display) -> None:
    with pytest.raises(InputError, match="no key 'panic'"):
        desk_with(abort_key="panic")
    desk_with(abort_key=None)
