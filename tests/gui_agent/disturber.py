"""Another program that does at random moments what people and programs do: pushes the pointer, pops up, takes
the focus, raises and moves windows. Says on stdout which presses and keys its own popup receives.

    python disturber.py SEED TITLE [--pause SECONDS] [--move]

The title is that of the window to raise and move; with --move all windows are moved, and no pointer is
pushed.

Told "ping" on stdin, it says "pong" when it has told of all that came before. Ends when its stdin is
closed.
"""

from __future__ import annotations

import argparse
import json
import random
import select
import sys
import time
from contextlib import suppress

from Xlib import X
from Xlib.display import Display
from Xlib.error import XError
from Xlib.ext.xtest import fake_input
from Xlib.protocol import event, request


class Disturber:
    """Disturbances on one display.

    Args:
        dice: Chooses them.
        title: Of the window to raise.
        moves_all: Whether it moves any window, and leaves the pointer alone.
    """

    def __init__(self, dice: random.Random, title: str, *, moves_all: bool = False) -> None:
        self._dice, self._display, self._moves_all = dice, Display(), moves_all
        self._screen = self._display.screen()
        self._display.set_error_handler(lambda *_: None)
        self._window = next(window for window in self._clients() if window.get_wm_name() == title)
        self._popup = self._screen.root.create_window(
            *(0, 0, 200, 150, 0, X.CopyFromParent),
            override_redirect=True,
            background_pixel=0xFEFE01,
            event_mask=X.ButtonPressMask | X.ButtonReleaseMask | X.KeyPressMask,
        )
        self._popup.set_wm_name("Popup")
        self._popup_shown = False

    def act(self) -> None:
        """Does something."""
        often = [0, 2, 1, 0, 3] if self._moves_all else [6, 2, 1, 2, 1]
        acts = [self._push, self._pop, self._raise, self._take_focus, self._move]
        self._dice.choices(acts, often)[0]()
        self.tell()

    def tell(self) -> None:
        """Says what its popup has received until now."""
        self._display.sync()
        while self._display.pending_events():
            got = self._display.next_event()
            if got.type in (X.ButtonPress, X.ButtonRelease, X.KeyPress):
                print(json.dumps({"event": "intruder", "type": int(got.type)}), flush=True)

    def _clients(self):
        root = self._screen.root
        listed = root.get_full_property(self._display.get_atom("_NET_CLIENT_LIST"), X.AnyPropertyType)
        return [self._display.create_resource_object("window", number) for number in listed.value]

    def _place(self) -> tuple[int, int]:
        return self._dice.randrange(20, 700), self._dice.randrange(20, 500)

    def _push(self) -> None:
        x, y = self._place()
        fake_input(self._display, X.MotionNotify, x=x, y=y)

    def _pop(self) -> None:
        if self._popup_shown:
            self._popup.unmap()
        else:
            x, y = self._place()
            self._popup.configure(x=x, y=y, stack_mode=X.Above)
            self._popup.map()
            if self._dice.random() < 0.5:
                self._popup.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._popup_shown = not self._popup_shown

    def _raise(self) -> None:
        message = event.ClientMessage(
            window=self._window,
            client_type=self._display.get_atom("_NET_ACTIVE_WINDOW"),
            data=(32, [2, X.CurrentTime, 0, 0, 0]),
        )
        mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
        self._screen.root.send_event(message, event_mask=mask)

    def _take_focus(self) -> None:
        request.SetInputFocus(
            display=self._display.display, onerror=lambda *_: None, revert_to=X.RevertToParent,
            focus=self._window.id, time=X.CurrentTime,
        )  # fmt: skip

    def _move(self) -> None:
        x, y = self._place()
        window = self._dice.choice(self._clients()) if self._moves_all else self._window
        window.configure(x=x, y=y)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int)
    parser.add_argument("title")
    parser.add_argument("--pause", type=float, default=0.06, help="the longest between two disturbances")
    parser.add_argument("--move", action="store_true", help="move any window, and leave the pointer alone")
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    disturber = Disturber(dice, arguments.title, moves_all=arguments.move)
    print(json.dumps({"event": "ready", "boxes": {}}), flush=True)
    while True:
        with suppress(XError):  # a window went away meanwhile
            disturber.act()
        until = time.monotonic() + dice.random() ** 3 * arguments.pause
        while select.select([sys.stdin], [], [], max(0.0, until - time.monotonic()))[0]:
            if not sys.stdin.readline():
                return
            disturber.tell()
            print(json.dumps({"event": "pong"}), flush=True)


if __name__ == "__main__":
    main()
