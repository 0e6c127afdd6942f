"""What people do meanwhile: they end the program, stop it, or have it do two things at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from gui_agent import ActionBlockedError, Desktop
from tests.gui_agent.hostile.scene import (
    BLUE,
    POINTER,
    RED,
    desktop_with,
    events,
)
from tests.support.blob_model import BlobFinder
from tests.support.paths import ROOT
from tests.support.windows import Window, click_at, middle

pytestmark = [pytest.mark.display, pytest.mark.slow]


def test_clicks_one_after_the_other_are_no_double_clicks(open_hostile) -> None:
    mine = open_hostile(f"dead:Save={RED}", "--title", "Mine")
    desktop = Desktop(BlobFinder(), verify_seconds=0.01)
    for _ in range(4):
        desktop.click(RED)
    assert [one["event"] for one in events(mine, "press", "double")] == ["press"] * 4
    desktop.locator(RED).click(count=2)
    assert "double" in [one["event"] for one in events(mine, "press", "double")]


ENDED = """
from contextlib import nullcontext
from gui_agent import Desktop
from molmo_act.signals import ending_in_order
from tests.support.blob_model import BlobFinder
print("ready", flush=True)
with {around}:
    Desktop(BlobFinder(), timeout=5).locator("#e01020").drag_to("#1040e0")
"""


ENDINGS = [
    ("nullcontext()", signal.SIGTERM, -signal.SIGTERM),
    ("nullcontext()", signal.SIGHUP, -signal.SIGHUP),
    ("nullcontext()", signal.SIGINT, -signal.SIGINT),
    ("ending_in_order(by_signal=False)", signal.SIGTERM, 143),  # as under ``molmo-act``
    ("ending_in_order(by_signal=False)", signal.SIGHUP, 129),
]


@pytest.mark.parametrize(("around", "number", "code"), ENDINGS)
def test_a_program_that_is_ended_while_it_drags_lets_go(open_hostile, around, number, code) -> None:
    mine = open_hostile(f"dead:From={RED}", f"dead:To={BLUE}", "--title", "Mine")
    program = ENDED.format(around=around)
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        while (event := mine.next_event(20)) and event["event"] != "press":
            pass
        process.send_signal(number)
        impatient = number if number != signal.SIGINT else signal.SIGTERM
        process.send_signal(impatient)
        process.wait(60)
    assert process.returncode in (
        code,
        -impatient,
    )  # which may come when all is done, before Python has ended
    assert desktop_with().backend.pointed().is_pressed is False
    [release] = events(mine, "release")
    assert release["name"] == "From"


def test_the_abort_key_tapped_while_the_model_looks_or_all_waits(open_hostile) -> None:
    mine = open_hostile(f"dead:Save={RED}", "--title", "Mine")

    def tap() -> None:
        for word in ("keydown", "keyup"):
            subprocess.run(["xdotool", word, "Escape"], check=True)
            time.sleep(0.06)

    desktop = desktop_with(lambda look: tap())
    with pytest.raises(ActionBlockedError, match="abort key"):
        desktop.click(RED)
    desktop.resume()
    waiting = threading.Timer(0.6, tap)
    waiting.start()
    with pytest.raises(ActionBlockedError, match="abort key"):
        desktop_with().expect("#fefe01").to_be_visible(timeout=10)
    waiting.join()
    assert events(mine, *POINTER) == []
    desktop_with().press("esc")  # its own press stops nothing
    assert [one["key"] for one in events(mine, "key")][-1:] == ["Escape"]


def test_a_video_elsewhere_is_no_effect_of_a_dead_button(open_hostile) -> None:
    mine = open_hostile(f"dead:Save={RED}", "--title", "Mine", "--geometry", "300x200+80+80")
    desktop = Desktop(BlobFinder(), timeout=3, verify_seconds=0.4)
    starts: list[Window] = []

    def press_and_start(*arguments, **options):
        real(*arguments, **options)
        starts.append(video)
        video.tell("play")

    video = open_hostile("--title", "Video", "--geometry", "300x200+700+400")
    click_at(
        desktop.backend, *middle(mine, "Save")
    )  # it has the focus: a title bar that changes is an effect
    time.sleep(0.6)
    real = desktop.backend.button_up
    desktop.backend.button_up = press_and_start
    assert desktop.click(RED).effect == "unverifiable"
    assert starts


def test_two_desktops_in_two_threads_take_turns(open_hostile) -> None:
    one = open_hostile(f"toggle:One={RED}", "--title", "One", "--geometry", "300x200+80+80")
    two = open_hostile(f"toggle:Two={BLUE}", "--title", "Two", "--geometry", "300x200+700+400")
    shared = desktop_with()
    failed: list[BaseException] = []

    def work(desktop: Desktop, colour: str) -> None:
        try:
            for _ in range(4):
                desktop.click(colour)
                desktop.find(colour)
        except BaseException as error:
            failed.append(error)

    for desktops in ((desktop_with(), desktop_with()), (shared, shared)):
        threads = [
            threading.Thread(target=work, args=pair, daemon=True)
            for pair in zip(desktops, (RED, BLUE), strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        assert failed == []
        assert [event["name"] for event in events(one, "press")] == ["One"] * 4
        assert [event["name"] for event in events(two, "press")] == ["Two"] * 4
