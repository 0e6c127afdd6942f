"""What windows, people and other programs do at the wrong moment, judged by what real windows received."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gui_agent import ActionBlockedError, Area, Desktop, DesktopError, NotFound, Safety, TypingError
from molmo_act.outputs.points import Points
from tests.support.blob_model import BlobFinder
from tests.support.paths import ROOT
from tests.support.windows import Window, click_at

pytestmark = [pytest.mark.display, pytest.mark.slow]

HOSTILE = Path(__file__).with_name("hostile_window.py")
BUMPER = Path(__file__).with_name("pointer_bumper.py")
RED, GREEN, BLUE = "#e01020", "#10a040", "#1040e0"


@pytest.fixture
def open_hostile(open_window) -> Callable[..., Window]:
    return lambda *options: open_window(*options, program=HOSTILE)


def desktop_with(meanwhile=lambda look: None, *, record=None, **rules) -> Desktop:
    return Desktop(
        BlobFinder(meanwhile), safety=Safety(**rules), timeout=1.0, verify_seconds=0.1, record=record
    )


def events(window: Window, *kinds: str, seconds: float = 0.2) -> list[dict]:
    """What a window has received of these kinds."""
    return [one for one in iter(lambda: window.next_event(seconds), None) if one["event"] in kinds]


POINTER = ("press", "release", "wheel", "double")


@contextmanager
def bumped(x: int, y: int, milliseconds: int) -> Iterator[None]:
    """Somebody pushes the pointer to a place all the time."""
    command = [sys.executable, str(BUMPER), str(x), str(y), str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as bumper:
        try:
            assert bumper.stdout.readline() == b"ready\n"
            yield
        finally:
            bumper.terminate()


def middle(window: Window, name: str) -> tuple[int, int]:
    left, top, width, height = window.boxes[name]
    return left + width // 2, top + height // 2


# --- entry 1: where acts land ------------------------------------------------------------------------------


ACTS = {
    "click": lambda desktop: desktop.locator(RED).click(),
    "double click": lambda desktop: desktop.locator(RED).click(count=2),
    "scroll": lambda desktop: desktop.locator(RED).scroll(5),
    "drag": lambda desktop: desktop.locator(RED).drag_to(BLUE),
    "fill": lambda desktop: desktop.locator(RED).fill("x"),
}


@pytest.mark.parametrize("milliseconds", [1, 5, 16])
@pytest.mark.parametrize("act", ACTS)
def test_a_bumped_pointer_never_acts_elsewhere(open_hostile, act, milliseconds) -> None:
    mine = open_hostile(f"dead:Save={RED}", f"dead:End={BLUE}", "--title", "Mine")
    bank = open_hostile(f"dead:Delete={GREEN}", "--title", "Bank", "--geometry", "300x200+700+120")
    desktop = desktop_with(deny_windows=["Bank"])
    done = 0
    with bumped(*middle(bank, "Delete"), milliseconds):
        for _ in range(3):
            try:
                result = ACTS[act](desktop)
            except ActionBlockedError:
                continue
            done += 1
            assert result.point == middle(mine, "Save")
    assert events(bank, *POINTER, "key") == []
    pressed = events(mine, "press", "wheel")
    assert {one["name"] for one in pressed} <= {"Save"}
    assert len(pressed) >= done
    if act in ("click", "scroll"):
        assert done == 3  # the place was free: it was aimed again


def test_a_window_that_comes_up_just_before_the_press_gets_nothing(open_hostile, monkeypatch) -> None:
    mine = open_hostile(f"dead:Save={RED}", "--title", "Mine")
    other = open_hostile(f"dead:Other={GREEN}", "--title", "Other", "--hidden")
    desktop = desktop_with()
    real = desktop.backend.exclusive

    def late(*arguments):  # after the last look and before the hand takes hold
        other.tell("show")
        assert events(other, "shown", seconds=1.0)
        monkeypatch.setattr(desktop.backend, "exclusive", real)
        return real()

    monkeypatch.setattr(desktop.backend, "exclusive", late)
    with pytest.raises(DesktopError):
        desktop.locator(RED).click(timeout=0)
    assert events(mine, *POINTER) == events(other, *POINTER) == []


# --- entry 2: where text goes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("x" * 3000, False),
        ("x" * 3000, True),
        ("correct horse Ü battery " * 120, True),  # of which the Ü are pasted, where no key gives them
    ],
)
def test_a_popup_that_takes_the_keyboard_gets_no_text(open_hostile, text, secret) -> None:
    form = open_hostile("--field", "Name", "--title", "Form")
    popup = open_hostile("--field", "Chat", "--title", "Popup", "--geometry", "300x100+700+400", "--hidden")
    desktop = desktop_with()
    left, top, width, height = form.boxes["Name"]
    field = desktop.locator("#ffffff", region=Area(left - 2, top - 2, width + 4, height + 4)).first
    seen: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            event = form.next_event(0.05)
            if event and event["event"] == "text":
                seen.append(event["text"])
                if len(seen) == 5:
                    popup.tell("show")

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with pytest.raises(TypingError, match="'Popup' has the keyboard now") as raised:
            field.fill(text, secret=secret)
        time.sleep(0.5)
    finally:
        stop.set()
        watcher.join()
    assert events(popup, "text", "key") == []
    arrived = seen[-1]
    assert text.startswith(arrived)
    assert f"{len(arrived)} of {len(text)} characters" in str(raised.value)


# --- entry 3: secrets --------------------------------------------------------------------------------------


def test_titles_and_tips_that_repeat_a_secret_are_hidden(open_hostile, tmp_path) -> None:
    form = open_hostile("--field", "Name", "--title", "Form", "--echo", "--geometry", "400x160+100+100")
    open_hostile(f"dead:Cover={BLUE}", "--title", "Other", "--geometry", "300x100+700+500")
    desktop = desktop_with(record=tmp_path / "record", deny_windows=["*swordfish*"])
    left, top, width, height = form.boxes["Name"]
    desktop.locator("#ffffff", region=Area(left - 2, top - 2, width + 4, height + 4)).first.fill(
        "sword", secret=True
    )
    desktop.type("fish", secret=True)
    time.sleep(0.3)
    frame = next(window.outline for window in desktop.backend.windows() if "swordfish" in window.title)
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


# --- entry 4: menus, lists and dialogs ---------------------------------------------------------------------


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


# --- entry 5: acts without a target ------------------------------------------------------------------------


def test_a_wheel_is_judged_by_what_is_below_the_pointer(open_hostile) -> None:
    bank = open_hostile(f"dead:Delete={GREEN}", "--title", "Bank", "--geometry", "300x200+700+120")
    mine = open_hostile(f"dead:Save={RED}", "--title", "Mine")
    desktop = desktop_with(deny_windows=["Bank"])
    click_at(desktop.backend, *middle(mine, "Save"))
    events(mine, *POINTER)
    desktop.backend.move(*middle(bank, "Delete"))
    with pytest.raises(ActionBlockedError, match="'Bank' is one of deny_windows"):
        desktop.scroll(3)
    assert events(bank, "wheel") == []
    desktop.backend.move(*middle(mine, "Save"))
    desktop.scroll(3)
    assert len(events(mine, "wheel")) == 3


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


# --- entry 6: titles ---------------------------------------------------------------------------------------

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
    from Xlib.display import Display

    pads = open_hostile(f"dead:Go={RED}", "--title", "Old")
    backend = desktop_with().backend
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it leaves its access file open
        x = Display(display)
    window = x.create_resource_object("window", backend.windows()[-1].id)
    window.delete_property(x.get_atom("_NET_WM_NAME"))
    window.change_property(x.get_atom("WM_NAME"), x.get_atom("STRING"), 8, "B\u00e4nk".encode("latin-1"))
    x.sync()
    x.close()
    assert backend.windows()[-1].title == "B\u00e4nk"
    with pytest.raises(ActionBlockedError, match="deny_windows"):
        desktop_with(deny_windows=["B\u00e4nk"]).click(RED)
    assert events(pads, *POINTER) == []


# --- entry 12: keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chord", ["alt+tab", "Alt+Tab", "ctrl+q", "Control_L+W", "delete", "super", "alt+F4"]
)
def test_keys_that_close_delete_or_switch_need_consent(open_hostile, chord) -> None:
    mine = open_hostile("--field", "Name", "--title", "Mine")
    desktop = desktop_with()
    click_at(desktop.backend, *middle(mine, "Name"))
    for act in (lambda: desktop.press(chord), lambda: desktop.locator("#ffffff").press(chord)):
        with pytest.raises(ActionBlockedError, match="may delete, close or leave something"):
            act()
    assert events(mine, "key") == []
    with pytest.raises(ActionBlockedError, match="one of deny_keys"):
        desktop_with(deny_keys=["enter"]).press("Return")
    with pytest.raises(ActionBlockedError, match="none of allow_keys"):
        desktop_with(allow_keys=["ctrl+*"]).press("Return")
    desktop_with(allow_keys=["enter"]).press("Return")
    assert [one["key"] for one in events(mine, "key")] == ["Return"]


# --- what people hold and do meanwhile ----------------------------------------------------------------------


@contextmanager
def held(key: str) -> Iterator[None]:
    subprocess.run(["xdotool", "keydown", key], check=True)
    try:
        yield
    finally:
        subprocess.run(["xdotool", "keyup", key], check=True)


@pytest.mark.parametrize("key", ["shift", "ctrl", "alt"])
def test_a_modifier_that_somebody_holds_changes_nothing(open_hostile, key) -> None:
    mine = open_hostile("--field", "Name", f"dead:Save={RED}", "--title", "Mine")
    desktop = desktop_with()
    click_at(desktop.backend, *middle(mine, "Name"))
    with held(key):
        for act in (lambda: desktop.type("abc"), lambda: desktop.press("a"), lambda: desktop.click(RED)):
            with pytest.raises(DesktopError, match="Somebody holds"):
                act()
    assert events(mine, "text", *POINTER) == []
    release = threading.Timer(0.5, lambda: subprocess.run(["xdotool", "keyup", key], check=True))
    with held(key):
        release.start()
        desktop.type("abc")  # waits for it
    assert mine.final_text("abc") == "abc"


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
        process.wait(20)
    assert process.returncode in (
        code,
        -impatient,
    )  # which may come when all is done, before Python has ended
    assert desktop_with().backend.pointed().is_pressed is False
    [release] = events(mine, "release")
    assert release["name"] == "From"


@pytest.mark.parametrize("layout", ["de", "fr"])
def test_a_terminal_gets_what_has_a_key_on_any_keyboard(display, tmp_path, layout) -> None:
    if shutil.which("xterm") is None:
        pytest.skip("needs xterm: apt install xterm")
    written = tmp_path / "written"
    command = ["xterm", "-geometry", "60x10+100+100", "-e", "sh", "-c", f"cat > {written}"]
    desktop = desktop_with()
    subprocess.run(["setxkbmap", layout], check=True)
    try:
        with subprocess.Popen(command) as terminal:
            try:
                deadline = time.monotonic() + 15
                while not any(window.title == "sh" for window in desktop.backend.windows()):
                    assert time.monotonic() < deadline
                    time.sleep(0.1)
                click_at(desktop.backend, 300, 180)
                with pytest.raises(TypingError, match=r"gives 1 of the characters.*Nothing was typed"):
                    desktop.type("no \u2260")  # Ctrl+V would make the shell take the next key literally
                desktop.type("mail me@home.de {[|]} \\~ <> 09 MN\n")
                deadline = time.monotonic() + 5
                while not written.exists() or not written.read_text():
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            finally:
                terminal.terminate()
    finally:
        subprocess.run(["setxkbmap", "us"], check=True)
    assert written.read_text() == "mail me@home.de {[|]} \\~ <> 09 MN\n"


def test_a_tooltip_takes_no_click(open_hostile) -> None:
    mine = open_hostile(f"dead:Save={RED}", "--title", "Mine", "--tooltip", "Save")
    desktop = desktop_with()
    left, top, width, height = mine.boxes["Save"]
    desktop.backend.move(left + width // 2 + 5, top + height // 2)
    assert events(mine, "tip", seconds=1.0)
    model = Where(left + width // 2 + 6, top + 24)  # which the tip covers
    Desktop(model, timeout=5, verify_seconds=0.1).click("it")
    assert [one["name"] for one in events(mine, "press")] == ["Save"]


class Where:
    """A model that points at one place."""

    def __init__(self, x: int, y: int) -> None:
        self._place = x, y

    def point(self, image, query):
        return Points(xy=[self._place], score=[1.0], image_size=[image.size], query=query)


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


def test_a_kiosk_can_be_worked_where_that_is_said(open_hostile, display) -> None:
    kiosk = open_hostile(f"dead:Save={RED}", "--title", "Kiosk", "--kiosk")
    with pytest.raises(ActionBlockedError, match="locked"):
        desktop_with().click(RED)
    desktop_with(respect_lock=False).click(RED)
    assert [one["name"] for one in events(kiosk, "press")] == ["Save"]


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


def test_a_window_of_another_workspace_is_not_looked_at(open_hostile) -> None:
    open_hostile(f"dead:Far={RED}", "--title", "Far", "--geometry", "300x200+80+80")
    desktop = desktop_with()
    [far] = desktop.backend.windows()
    subprocess.run(["xdotool", "set_desktop_for_window", str(far.id), "1"], check=True)
    deadline = time.monotonic() + 5
    while desktop.backend.windows():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    near = open_hostile(f"dead:Near={RED}", "--title", "Near", "--geometry", "300x200+80+80")
    with pytest.raises(NotFound, match="No window titled 'Far' is"):
        desktop.locator(RED, region=desktop.window("Far")).click(timeout=0)
    assert events(near, *POINTER) == []


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
