"""Times each part of a click on this machine, by screen size, against a plain loop with pyautogui.

    python examples/desktop_benchmark.py --clicks 40

On virtual displays. A window is clicked by its colour, and the time that finding it took is left out, so that
what is measured is the desktop's own work; the bundled model is timed on the same screen apart. Prints a
table, and one line of JSON last.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
from PIL import Image

import molmo_act
from gui_agent import ActionResult, Desktop, Safety, TimeoutError
from gui_agent.input.x11.virtual_display import virtual_display
from gui_agent.vision.diff import changed_blocks
from molmo_act.outputs.points import Points

SIZES = ("1920x1080", "3840x2160")
TARGET = "#e11021"
WAIT_SECONDS = 5.0
MODEL_SECONDS = 0.1
DOUBLE_CLICK_SECONDS = 0.6
# "far from": a panel away from the target changes, as when something opens; "near": only the target does.
WINDOW = """
import os, sys, threading, tkinter
root = tkinter.Tk()
root.geometry("480x480+100+100")
target = tkinter.Frame(root, background="#e11021", width=120, height=60)
target.pack()
mark = tkinter.Frame(target, background="#ffffff", width=20, height=20)
panel = tkinter.Frame(root, background="#204060", width=480, height=200)
panel.pack(side="bottom")
presses = []
def pressed(_):
    presses.append(None)
    if sys.argv[1] == "far from":
        panel.configure(background="#80a0c0" if len(presses) % 2 else "#204060")
    elif len(presses) % 2:
        mark.place(x=4, y=4)
    else:
        mark.place_forget()
target.bind("<ButtonPress-1>", pressed)
root.after(500, lambda: print("ready", flush=True))
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
root.mainloop()
"""


class ColourFinder:
    """Points at the middle of everything of a colour, and takes as long for it as a quick model.

    While a model looks, the desktop waits anyway for the screen to hold still; with a finder that takes no
    time that wait would be counted as its own.
    """

    def point(self, image: object, query: str) -> Points:
        """Answers "#rrggbb"."""
        time.sleep(MODEL_SECONDS)
        pixels = np.asarray(image)
        hit = (pixels == [int(query[i : i + 2], 16) for i in (1, 3, 5)]).all(axis=-1)
        rows, columns = np.flatnonzero(hit.any(axis=1)), np.flatnonzero(hit.any(axis=0))
        middle = [[(columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2]] if len(rows) else []
        size = [(pixels.shape[1], pixels.shape[0])]
        return Points(xy=middle, score=[1.0] * len(middle), image_size=size, query=query)


class NothingFinder:
    """Finds nothing and costs nothing: what a wait takes with it is the desktop's own work."""

    def point(self, image: Image.Image, query: str) -> Points:
        """Answers anything."""
        return Points(xy=[], score=[], image_size=[image.size], query=query, absent=1.0)


def overhead_of(result: ActionResult) -> float:
    """Seconds of a click that were not the model's."""
    assert result.effect == "changed", result
    return result.seconds - result.model_seconds


PARTS: dict[str, Callable[[ActionResult], float]] = {
    "click without the model": overhead_of,
    "of it wait until actionable": lambda result: (
        overhead_of(result) - result.act_seconds - result.verify_seconds
    ),
    "of it act": lambda result: result.act_seconds,
    "of it verify": lambda result: result.verify_seconds,
}


def main() -> None:
    """Measures each size in a process of its own, since pyautogui keeps its first display."""
    parser = argparse.ArgumentParser(description="Time the parts of a click.", allow_abbrev=False)
    parser.add_argument("--clicks", type=int, default=40)
    parser.add_argument("--size", help="measure one size, such as 1920x1080, and print only JSON")
    arguments = parser.parse_args()
    if arguments.size:
        width, height = map(int, arguments.size.split("x"))
        with virtual_display(width, height):
            print(json.dumps(measure(arguments.clicks)))
        return
    found = {}
    for size in SIZES:
        command = [sys.executable, __file__, "--clicks", str(arguments.clicks), "--size", size]
        found[size] = json.loads(
            subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
        )
    print("| | " + " | ".join(SIZES) + " |\n|---|" + "---|" * len(SIZES))
    for part in found[SIZES[0]]:
        print(f"| {part} | " + " | ".join(shown(found[size][part]) for size in SIZES) + " |")
    print(json.dumps(found))


def shown(value: dict[str, float] | float) -> str:
    """A cell of the table."""
    return f"{value['p50']:.1f} / {value['p95']:.1f}" if isinstance(value, dict) else f"{value:.1f}"


def measure(clicks: int) -> dict[str, dict[str, float] | float]:
    """Every part on the display of this process: milliseconds as p50 and p95; share of a core in percent."""
    desktop = Desktop(ColourFinder(), safety=Safety(max_actions_per_minute=10_000), sources=["model"])
    found: dict[str, dict[str, float] | float] = {}
    capture = desktop.context.screen.capture()
    shots = [capture.take(), capture.take()]
    found["capture, ms"] = timed(capture.take, clicks)
    found["compare two captures, ms"] = timed(lambda: changed_blocks(*shots), clicks)
    model = molmo_act.load()
    image = shots[0].to_image()
    found["ground with nano, ms"] = timed(lambda: model.point(image, "the red button"), max(3, clicks // 4))
    for kind in ("far from", "near"):
        with window(kind):
            desktop.click(TARGET)
            results = [click_apart(desktop) for _ in range(clicks)]
        found |= {
            f"{part}, change {kind} the target, ms": spread([1000 * seconds(result) for result in results])
            for part, seconds in PARTS.items()
        }
    with window("far from"):
        found["plain loop of mss and pyautogui.click, without finding, ms"] = spread(
            [plain_click(desktop) for _ in range(clicks)]
        )
    waiting = Desktop(NothingFinder(), sources=["model"])
    began = time.process_time(), time.monotonic()
    with suppress(TimeoutError):
        waiting.expect("something").to_be_visible(timeout=WAIT_SECONDS)
    found["of one core while waiting, without the model, %"] = (
        100 * (time.process_time() - began[0]) / (time.monotonic() - began[1])
    )
    return found


def plain_click(desktop: Desktop) -> float:
    """What people write by hand: no waiting, no checks, nothing said of the effect. Milliseconds of it."""
    import mss
    import pyautogui

    began = time.perf_counter()
    with mss.MSS() as capture:
        shot = capture.grab(capture.monitors[0])
    image = Image.frombytes("RGB", shot.size, bytes(shot.raw), "raw", "BGRX")
    captured = time.perf_counter()
    best = desktop.model.point(image, TARGET).best
    found = time.perf_counter()
    assert best is not None
    pyautogui.click(int(best.x), int(best.y))
    return 1000 * (time.perf_counter() - found + captured - began)


def click_apart(desktop: Desktop) -> ActionResult:
    """A click that need not wait so as not to become a double click with the one before at its place."""
    time.sleep(DOUBLE_CLICK_SECONDS)
    return desktop.click(TARGET)


def timed(call: Callable[[], object], rounds: int) -> dict[str, float]:
    """Milliseconds of a call, after one that does not count."""
    call()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - began))
    return spread(taken)


def spread(values: list[float]) -> dict[str, float]:
    """The median and the 95th percentile."""
    return {f"p{share}": round(float(np.percentile(values, share)), 1) for share in (50, 95)}


@contextmanager
def window(kind: str) -> Iterator[None]:
    """A window that answers presses, in a process of its own."""
    command = [sys.executable, "-c", WINDOW, kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
