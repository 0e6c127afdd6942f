"""Windows chosen by what is known of them, looked in, raised and closed; judged by real ones."""

from __future__ import annotations

import subprocess
import threading

import pytest

from gui_agent import ActionBlockedError, Ambiguous, Area, Desktop, NotFound, Safety
from tests.support.blob_model import BlobFinder

pytestmark = pytest.mark.display

RED, GREEN = "#e01020", "#10a040"


def desktop_with(**rules) -> Desktop:
    return Desktop(BlobFinder(), safety=Safety(**rules), timeout=5.0, verify_seconds=0.3)


@pytest.fixture
def pads(open_pads):
    """Two windows, the second on top of the first."""
    low = open_pads(f"toggle:Low={RED}", "--title", "Low", "--geometry", "300x200+100+100")
    high = open_pads(f"toggle:High={RED}", "--title", "High", "--geometry", "300x200+100+100")
    desktop_with().window("High").activate()
    return low, high


def test_a_window_is_raised_and_looked_in(pads) -> None:
    desktop = desktop_with()
    low, high = desktop.window("low"), desktop.window(wm_class="tk", index=1)
    assert (low.title(), high.title(), desktop.window(active=True).title()) == ("Low", "High", "High")
    assert low.bounding_box().shared_with(Area(*pads[0].boxes["Low"])) == Area(*pads[0].boxes["Low"])
    with pytest.raises(ActionBlockedError, match="'High' covers 'Low'"):
        low.locator(RED).click(timeout=0)
    result = low.activate()
    assert (result.action, result.effect, result.arguments) == ("activate", "changed", {"title": "low"})
    assert desktop.window(active=True).title() == "Low"
    low.locator(RED).click()
    assert pads[0].next_event()["event"] in ("press", "enter")
    desktop.locator(RED, region=low).hover()
    desktop.locator(RED).inside(low).hover()


def test_a_window_that_is_not_there_is_waited_for(open_pads, display) -> None:
    desktop = desktop_with()
    with pytest.raises(NotFound, match="No window titled 'Late'"):
        desktop.window("Late").activate(timeout=0.3)
    timer = threading.Timer(0.3, lambda: open_pads(f"dead:Pad={RED}", "--title", "Late"))
    timer.start()
    try:
        desktop.window("Late").activate(timeout=10)
    finally:
        timer.join()
    assert desktop.window("Late").title() == "Late"


def test_closing_needs_consent(pads) -> None:
    asked: list[str] = []
    for rules, message in (
        ({}, "may lose something, and there is nobody to ask"),
        ({"confirm": lambda question: bool(asked.append(question))}, "Consent to close the window 'High'"),
        ({"deny_keys": ["alt+f4"]}, "one of deny_keys"),
        ({"deny_windows": ["High"], "confirm": lambda question: True}, "is one of deny_windows"),
    ):
        with pytest.raises(ActionBlockedError, match=message):
            desktop_with(**rules).window("High").close()
    assert asked == ["Close the window 'High'?"]
    desktop = desktop_with(confirm=lambda question: True)
    assert desktop.window(index=-1).title() == "High"
    desktop.window("High").close()
    with pytest.raises(NotFound):
        desktop.window("High").title()
    assert desktop.window("Low").title() == "Low"


def test_rules_hold_for_windows(pads) -> None:
    with pytest.raises(ActionBlockedError, match="'Low' is one of deny_windows"):
        desktop_with(deny_windows=["Low"]).window("Low").activate()
    with pytest.raises(ActionBlockedError, match="'Low' is none of allow_windows"):
        desktop_with(allow_windows=["High"]).window(wm_class="Tk", index=0).activate()
    dry = Desktop(BlobFinder(), dry_run=True, timeout=0)
    assert dry.window("Low").activate().dry_run
    assert dry.window(active=True).title() == "High"
    with pytest.raises(Ambiguous, match="2 windows of class 'Tk' are on the screen"):
        desktop_with().window(wm_class="Tk").activate()


def test_the_window_of_a_process(display) -> None:
    with subprocess.Popen(["xterm", "-geometry", "40x8+300+300"]) as terminal:
        try:
            window = desktop_with().window(pid=terminal.pid)
            window.activate(timeout=15)
            assert window.bounding_box().width > 100
        finally:
            terminal.terminate()
