"""Random acts in one window while another program disturbs, judged by what every window received.

    python -m tests.gui_agent.random_acts --acts 10000 --seed 1

Prints one line of JSON: how many acts were done and refused, and what was wrong. Exit code 0: nothing was.
Wrong is a press, release, wheel step or key in a window that the rules do not allow, one in the allowed
window where the error says that nothing was done, and a result that says what did not happen. Counted apart
are presses that the window manager held back and handed to a window that came meanwhile, where the error says
so.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gui_agent import Desktop, DesktopError, Locator, Safety, virtual_display
from tests.support.blob_model import BlobFinder
from tests.support.windows import Window

HERE = Path(__file__).parent
RED, BLUE = "#e01020", "#1040e0"
COLOURS = {"Left": RED, "Right": BLUE}
KEYS = {" ": "space"}  # what X11 calls them
WITHOUT_TARGET = ("type", "keys", "wheel")
INPUT = ("press", "release", "wheel", "key", "text", "intruder")

Act = tuple[str, Callable[[], object], dict[str, int]]
"""Its name, the act, and what the window receives of it where it is done: events by kind and name."""


def random_act(desktop: Desktop, dice: random.Random) -> Act:
    """One act with its target, and what comes of it."""
    name = dice.choice(list(COLOURS))
    target = desktop.locator(COLOURS[name])
    count = dice.randint(1, 3)
    text = "".join(dice.choices("abc xyz", k=dice.randint(1, 40)))
    return dice.choice(
        [
            ("click", target.click, {f"press {name}": 1}),
            ("clicks", lambda: target.click(count=count), {f"press {name}": count}),
            ("scroll", lambda: target.scroll(count), {f"wheel {name}": count}),
            ("wheel", lambda: desktop.scroll(count), {}),
            ("drag", lambda: target.drag_to(desktop.locator(BLUE)), {f"press {name}": 1}),
            ("press", lambda: target.press("a"), {f"press {name}": 1, "key a": 1}),
            ("hover", target.hover, {}),
            ("type", lambda: desktop.type(text), dict(keys_of(text))),
            ("fill", lambda: target.fill(text), {f"press {name}": 1}),
            ("keys", lambda: desktop.press("b"), {"key b": 1}),
            ("held", lambda: drag_by_hand(desktop, target), {f"press {name}": 1}),
            ("activate", lambda: desktop.window("Mine").activate(), {}),
        ]
    )


def drag_by_hand(desktop: Desktop, target: Locator) -> None:
    """A drag in single steps; where one fails, the button is up again."""
    target.hover()
    desktop.mouse.down()
    desktop.locator(BLUE).hover()
    desktop.mouse.up()


def keys_of(text: str) -> Counter[str]:
    """The events that the text comes to."""
    return Counter(f"key {KEYS.get(one, one)}" for one in text)


def received(window: Window) -> Counter[str]:
    """What a window got since it was asked last."""
    return Counter(
        f"{one['event']} {one.get('name') or one.get('key', '')}".strip()
        for one in window.received()
        if one["event"] in INPUT
    )


def run(acts: int, seed: int) -> dict[str, Any]:
    """Does the acts on a display of their own.

    Args:
        acts: How many.
        seed: Of everything that is random.

    Returns:
        Counts, and what was wrong, for JSON.
    """
    dice = random.Random(seed)
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    with ExitStack() as stack:
        stack.enter_context(virtual_display(800, 600))
        pads = [f"toggle:{name}={colour}" for name, colour in COLOURS.items()]
        hostile = HERE / "hostile_window.py"
        mine = Window(hostile, "--title", "Mine", "--geometry", "300x220+120+80", *pads)
        bank = Window(
            hostile, "--title", "Bank", "--geometry", "260x180+480+330", "dead:Pay=#10a040", "--field", "To"
        )
        disturber = Window(HERE / "disturber.py", str(seed), "Bank")
        for window in (mine, bank, disturber):
            stack.callback(window.close)
        rules = Safety(allow_windows=["Mine"], max_actions_per_minute=10**9)
        desktop = Desktop(
            BlobFinder(merge=True), safety=rules, timeout=0.5, verify_seconds=0.05, sources=["model"]
        )
        for number in range(acts):
            name, act, expected = random_act(desktop, dice)
            error = first = None
            if name in WITHOUT_TARGET:  # so that the window has keyboard and pointer, some of the time
                try:
                    desktop.click(BLUE)
                except DesktopError as raised:
                    first = raised
            try:
                act()
            except DesktopError as raised:
                error = raised
            if desktop.context.pointer.held.name is not None:
                wrong.append(f"act {number}, {name}: a button is still held")
            got = received(mine)
            is_told = any("may have got the press" in str(one) for one in (first, error))
            for other, label in ((bank, "Bank"), (disturber, "the popup")):
                if intruded := received(other):
                    if is_told:
                        outcomes["held back, and told"] += 1
                    else:
                        wrong.append(f"act {number}, {name}: {label} received {dict(intruded)}")
            outcomes[f"{name}: {'done' if error is None else type(error).__name__}"] += 1
            of_click = ("release", "press") if name in WITHOUT_TARGET else ("release",)
            pressed = Counter({key: n for key, n in got.items() if not key.startswith(of_click)})
            if error is not None and "Nothing was done." in str(error) and pressed:
                wrong.append(f"act {number}, {name}: {error} But the window received {dict(pressed)}")
            missing = {key: n for key, n in expected.items() if error is None and got[key] != n}
            if missing:
                wrong.append(f"act {number}, {name}: done, but of {missing} the window received {dict(got)}")
        for other, label in ((bank, "Bank"), (disturber, "the popup")):
            if intruded := received(other):
                wrong.append(f"at the end: {label} received {dict(intruded)}")
    return {"acts": acts, "seed": seed, "outcomes": dict(sorted(outcomes.items())), "wrong": wrong}


def main() -> int:
    """Runs the program and returns the exit code."""
    parser = argparse.ArgumentParser(description="Random acts while another program disturbs.")
    parser.add_argument("--acts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    answer = run(arguments.acts, arguments.seed)
    print(json.dumps(answer | {"seconds": round(time.monotonic() - began, 1)}))
    return 1 if answer["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
