"""Clicks on an Xorg of its own with two monitors side by side, and pulls one out; prints what came of it.

A process of its own, since pyautogui keeps the first display it sees. Prints one object of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gui_agent import Desktop
from molmo_act.errors import MolmoActError
from tests.support.blob_model import BlobFinder
from tests.support.windows import PAD_PROGRAM, Window

XORG = "/usr/lib/xorg/Xorg"  # not the wrapper, which lets root alone name a configuration
CONFIGURATION = """
Section "Device"
  Identifier "card"
  Driver "dummy"
  VideoRam 65536
EndSection
Section "Monitor"
  Identifier "monitor"
  HorizSync 5-1000
  VertRefresh 5-200
EndSection
Section "Screen"
  Identifier "screen"
  Device "card"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Modes "1280x800" "800x600"
    Virtual 2560 1600
  EndSubSection
EndSection
"""
RED, GREEN = "#e01020", "#10a040"


def main() -> None:
    found: dict[str, object] = {}
    with xorg():
        # The left one is smaller and hangs lower; its corner is not the corner of the desktop.
        xrandr("--addmode", "DUMMY1", "800x600")
        first = ("--output", "DUMMY0", "--mode", "1280x800", "--pos", "800x0", "--primary")
        xrandr(*first, "--output", "DUMMY1", "--mode", "800x600", "--pos", "0x100")
        left = Window(PAD_PROGRAM, f"toggle:Left={RED}", "--geometry", "300x120+60+300")
        right = Window(PAD_PROGRAM, f"toggle:Right={GREEN}", "--geometry", "300x120+1500+500")
        try:
            views = {}
            for number in (1, 2):
                view = Desktop(BlobFinder(), monitor=number).screenshot().view
                views[f"{view.size[0]}x{view.size[1]}"] = number
            found["monitors"] = sorted(views)
            small, large = views["800x600"], views["1280x800"]
            Desktop(BlobFinder(), monitor=small).click(RED)
            Desktop(BlobFinder(), monitor=large).click(GREEN)
            whole = Desktop(BlobFinder(), timeout=0)
            whole.locator(RED, region=whole.screen(small)).click()
            found["elsewhere"] = outcome(lambda: whole.locator(RED, region=whole.screen(large)).click())
            found["pressed"] = presses(left) + presses(right)

            def unplug(look: int) -> None:
                if look == 1:
                    xrandr("--output", "DUMMY1", "--off", "--output", "DUMMY0", "--pos", "0x0")

            found["unplugged meanwhile"] = outcome(
                lambda: Desktop(BlobFinder(unplug), timeout=0.5).click(RED)
            )
            found["unplugged before"] = outcome(
                lambda: Desktop(BlobFinder(), monitor=2, timeout=0.5).click(RED)
            )
            found["pressed after"] = presses(left) + presses(right)
        finally:
            left.close()
            right.close()
    print(json.dumps(found))


def presses(window: Window) -> list[str]:
    return [event["name"] for event in window.received() if event["event"] == "press"]


def outcome(act) -> str:
    try:
        act()
    except MolmoActError as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def xrandr(*words: str) -> None:
    subprocess.run(["xrandr", *words], check=True, capture_output=True)


@contextmanager
def xorg() -> Iterator[None]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "xorg.conf").write_text(CONFIGURATION)
        (folder / "Xauthority").touch()
        read_end, write_end = os.pipe()
        command = [XORG, "-displayfd", str(write_end), "-noreset", "-nolisten", "tcp", "-novtswitch"]
        command += ["-sharevts", "-config", str(folder / "xorg.conf"), "-logfile", str(folder / "xorg.log")]
        start(stack, command, pass_fds=(write_end,))
        os.close(write_end)
        with open(read_end) as number:
            os.environ["DISPLAY"] = f":{int(number.readline())}"
        os.environ["XAUTHORITY"] = str(folder / "Xauthority")
        start(stack, ["openbox", "--sm-disable"])
        deadline = time.monotonic() + 60
        is_managed = ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]
        while "window id" not in subprocess.run(is_managed, capture_output=True, text=True).stdout:
            assert time.monotonic() < deadline, "openbox did not start"
            time.sleep(0.05)
        yield


def start(stack: ExitStack, command: list[str], **options: object) -> None:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    stack.callback(process.wait)
    stack.callback(process.terminate)


if __name__ == "__main__":
    main()
