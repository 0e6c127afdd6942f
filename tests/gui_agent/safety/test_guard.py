"""What an agent may not do, tried on real windows: it is refused, and the window received nothing."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from gui_agent import ActionBlockedError, Area, Desktop, Safety
from gui_agent.errors import NotFound
from gui_agent.safety.guard import Guard
from gui_agent.vision.regions import Window
from gui_agent.vision.selector import Selector
from molmo_act.errors import InputError, PlatformError
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import FakeBackend

pytestmark = pytest.mark.display

RED, GREEN = "#e01020", "#10a040"


class NamedFinder(BlobFinder):
    """Understands "the delete button #e01020": looks for the colour at the end of a query."""

    def point(self, image, query):
        return super().point(image, query.split()[-1])


def desktop_with(meanwhile=lambda look: None, dry_run: bool = False, **rules) -> Desktop:
    safety = Safety(**rules)
    return Desktop(NamedFinder(meanwhile), safety=safety, timeout=5.0, verify_seconds=0.1, dry_run=dry_run)


def was_pressed(window) -> bool:
    return "press" in [event["event"] for event in window.received()]


WORDS = [
    ({"deny_words": ["Quit"]}, f"quit {RED}", "contains 'Quit', one of deny_words"),
    ({"allow_words": ["save", "open file"]}, f"close {RED}", "contains none of allow_words"),
    ({}, f"the delete button {RED}", "contains 'delet\\*', which may destroy something"),
    (
        {"confirm": lambda question: False},
        f"Pay now {RED}",
        "Consent to act on 'Pay now #e01020' was not given",
    ),
]


@pytest.mark.parametrize(("rules", "query", "message"), WORDS)
def test_words_of_a_locator(display, rules, query, message) -> None:
    desktop = desktop_with(**rules)
    before = desktop.backend.position()
    for act in (desktop.locator(query).click, desktop.locator(query).hover):
        with pytest.raises(ActionBlockedError, match=message):
            act()
    assert desktop.model.looks == 0
    assert desktop.backend.position() == before


def test_words_that_are_allowed(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    asked = []
    desktop = desktop_with(confirm=lambda question: asked.append(question) or True)
    desktop.click(f"the sender's name {RED}")  # not the word itself
    assert was_pressed(pads)
    assert asked == []
    desktop.click(f"Delete {RED}")
    assert was_pressed(pads)
    assert asked == [f"Act on 'Delete {RED}'?"]
    desktop_with(allow_words=["open file"]).click(f"Open  File, open file {RED}")
    assert was_pressed(pads)


def test_areas(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}", "--geometry", "300x120+80+80")
    pad, elsewhere = Area(*pads.boxes["Go"]), Area(900, 500, 50, 50)
    with pytest.raises(ActionBlockedError, match="lies in a denied area, 120×60 at"):
        desktop_with(deny_areas=[elsewhere, pad]).click(RED)
    with pytest.raises(ActionBlockedError, match="outside all of allow_areas"):
        desktop_with(allow_areas=[elsewhere]).click(RED)
    assert not was_pressed(pads)
    desktop_with(allow_areas=[elsewhere, pad]).click(RED)
    assert was_pressed(pads)


def test_windows(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}", "--title", "My Bank")
    with pytest.raises(ActionBlockedError, match="The window 'My Bank' is one of deny_windows"):
        desktop_with(deny_windows=["*bank*"]).click(RED)
    with pytest.raises(ActionBlockedError, match="'My Bank' is none of allow_windows"):
        desktop_with(allow_windows=["Notes", "Files"]).click(RED)
    for act in (
        lambda desktop: desktop.type("x"),
        lambda desktop: desktop.press("enter"),
    ):  # it has the focus
        with pytest.raises(ActionBlockedError, match="'My Bank' is one of deny_windows"):
            act(desktop_with(deny_windows=["*bank*"]))
    assert not was_pressed(pads)
    desktop_with(allow_windows=["my*"]).click(RED)
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
    with pytest.raises(ActionBlockedError, match="'Other' is none of allow_windows"):
        desktop_with(swap, allow_windows=["Mine"]).locator(RED, region=place).click()
    assert not was_pressed(allowed)
    assert not was_pressed(denied)


def test_acts_per_minute(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    desktop = desktop_with(max_actions_per_minute=2)
    desktop.click(RED)
    desktop.click(RED)
    assert was_pressed(pads)
    with pytest.raises(ActionBlockedError, match="2 actions within a minute"):
        desktop.click(RED)
    with pytest.raises(ActionBlockedError, match="2 actions within a minute"):
        desktop.press("x")
    assert not was_pressed(pads)


@pytest.fixture
def hold_key(display: str) -> Iterator[object]:
    def hold(key: str) -> None:
        subprocess.run(["xdotool", "keydown", key], check=True)

    yield hold
    subprocess.run(["xdotool", "keyup", "Escape"], check=True)


def test_the_abort_key_stops_everything_until_it_is_taken_back(open_pads, hold_key) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    desktop = desktop_with(lambda look: look == 1 and hold_key("Escape"))
    with pytest.raises(ActionBlockedError, match="held the abort key 'esc'"):
        desktop.click(RED)
    subprocess.run(["xdotool", "keyup", "Escape"], check=True)
    with pytest.raises(ActionBlockedError, match="until resume"):
        desktop.press("x")
    assert not was_pressed(pads)
    desktop.resume()
    desktop.click(RED)
    assert was_pressed(pads)


def test_a_dry_run_does_nothing_and_shows_what_would_happen(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}", f"toggle:There={GREEN}")
    desktop = desktop_with(dry_run=True)
    before = desktop.backend.position()
    for result in (
        desktop.locator(RED).click(),
        desktop.locator(RED).drag_to(desktop.locator(GREEN)),
        desktop.locator(RED).fill("text"),
        desktop.press("ctrl+a"),
    ):
        assert (result.effect, result.dry_run) == ("unverifiable", True)
        assert result.draw().size == (1280, 800)
    assert desktop.backend.position() == before
    with pytest.raises(ActionBlockedError):
        desktop_with(dry_run=True, min_score=0.95).click(RED)
    with pytest.raises(NotFound):
        desktop.locator("#fefe01").click(timeout=0)
    assert not was_pressed(pads)


def test_a_score_that_is_not_known_passes_no_floor(open_pads) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    desktop = Desktop(NamedFinder(score=float("nan")), timeout=5.0, verify_seconds=0.1)
    with pytest.raises(NotFound):
        desktop.click(RED)
    assert not was_pressed(pads)
    unknown = SimpleNamespace(query="Go", point=(1, 2), score=float("nan"))
    with pytest.raises(ActionBlockedError, match="score of nan"):
        desktop.context.guard.require_score(unknown, 0.1)


def test_rules_about_windows_need_windows_that_can_be_told_apart() -> None:
    class NoWindows:
        exclusive = None

        def require_keys(self, *keys: str) -> None:
            pass

        def windows(self) -> list:
            raise PlatformError("Windows can be found by title on X11 only.")

    Desktop(BlobFinder(), backend=NoWindows())
    with pytest.raises(PlatformError, match="on X11 only"):
        Desktop(BlobFinder(), backend=NoWindows(), safety=Safety(deny_windows=["Bank"]))


def test_an_unknown_abort_key_is_noticed_at_once(display) -> None:
    with pytest.raises(InputError, match="no key 'panic'"):
        desktop_with(abort_key="panic")
    desktop_with(abort_key=None)


def guard_with(**rules) -> Guard:
    return Guard(Safety(**rules), FakeBackend())


LOCATORS = {
    "near": Selector("the button").near(Selector("the Delete button")),
    "near something near": Selector("OK").near(Selector("a row").near(Selector("Löschen"))),
    "in a window": Selector("OK", Window("Delete 3 files?")),
    "a look-alike": Selector("d\u0435l\u0435te"),
}


@pytest.mark.parametrize("name", LOCATORS)
def test_the_whole_locator_is_checked(name) -> None:
    with pytest.raises(ActionBlockedError, match="may destroy something"):
        guard_with().require_words(LOCATORS[name])
    with pytest.raises(ActionBlockedError, match="one of deny_words"):
        guard_with(deny_words=["delet*", "lösch*"], confirm=lambda question: True).require_words(
            LOCATORS[name]
        )


async def coroutine() -> bool:
    return True


ANSWERS = {"n": "n", "False": "False", "1": 1, "None": None, "a list": [True], "a match": re.match("", "")}


@pytest.mark.parametrize("name", [*ANSWERS, "a coroutine"])
def test_only_true_is_consent(name) -> None:
    guard = guard_with(confirm=lambda question: coroutine() if name == "a coroutine" else ANSWERS[name])
    for ask in (
        lambda: guard.require_words(Selector("Delete")),
        lambda: guard.require_chord(["ctrl", "w"]),
    ):
        with pytest.raises(ActionBlockedError, match=r"Consent to .* was not given"):
            ask()
    asked: list[str] = []
    agreeing = guard_with(confirm=lambda question: asked.append(question) or True)
    agreeing.require_words(Selector("Delete"))
    agreeing.require_chord(["ctrl", "w"])
    assert asked == ["Act on 'Delete'?", "Press 'ctrl+w'?"]


def test_a_score_that_is_no_number_is_too_low() -> None:
    match = SimpleNamespace(score=float("nan"), query="it", point=(1, 2))
    with pytest.raises(ActionBlockedError, match="under min_score 0"):
        guard_with().require_score(match, 0.0)


def test_refusals_do_not_say_how_to_weaken_the_rules() -> None:
    guard = guard_with(deny_keys=["f1"], max_actions_per_minute=1)
    match = SimpleNamespace(score=0.1, query="it", point=(1, 2))
    guard.count_act()
    for refuse in (
        lambda: guard.require_words(Selector("Delete")),
        lambda: guard.require_chord(["f1"]),
        lambda: guard.require_chord(["ctrl", "w"]),
        lambda: guard.require_score(match, 0.5),
        guard.count_act,
    ):
        with pytest.raises(ActionBlockedError) as raised:
            refuse()
        for word in ("Safety(", "confirm=", "lower", "allow more", "destructive_words"):
            assert word not in str(raised.value)
