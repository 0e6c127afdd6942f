"""Listens to what mouse and keyboard do on X11, whichever program it is for (the RECORD extension)."""

from __future__ import annotations

import threading
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Literal

from gui_agent.input.x11.connection import is_alive
from gui_agent.input.x11.keyboard import name_of_key
from molmo_act.errors import PlatformError


@dataclass(frozen=True)
class InputEvent:
    """Something that mouse or keyboard did.

    Attributes:
        kind: What it was.
        point: Where the pointer was, (x, y) in input points.
        time: When it was heard of, in seconds of ``time.monotonic()``.
        button: Its number: 1 to 3, of the wheel 4 to 7; 0 for keys.
        key: A character as the keyboard gives it with what is held, or a name of
            `gui_agent.input.key_names`; "" for buttons, and for a key that gives neither.
        held: Modifiers that were held, of "shift", "ctrl", "alt" and "win".
    """

    kind: Literal["press", "release", "key"]
    point: tuple[int, int]
    time: float
    button: int = 0
    key: str = ""
    held: tuple[str, ...] = ()


HELD_BITS = {"ctrl": 1 << 2, "alt": 1 << 3, "win": 1 << 6, "shift": 1 << 0}


class InputRecorder:
    """Puts what mouse and keyboard do into a queue until it is closed.

    Attributes:
        events: What has happened and was not taken yet.

    Raises:
        PlatformError: The server of the display does not tell.
    """

    def __init__(self) -> None:
        from Xlib import X
        from Xlib.display import Display
        from Xlib.ext import record

        self.events: SimpleQueue[InputEvent] = SimpleQueue()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the X client leaves the access file open
            self._control, self._data = Display(), Display()
        if not self._control.has_extension("RECORD"):
            raise PlatformError("This X server does not tell what mouse and keyboard do (RECORD is missing).")
        nothing = (0, 0)
        wanted = {
            "core_requests": nothing,
            "core_replies": nothing,
            "ext_requests": (0, 0, 0, 0),
            "ext_replies": (0, 0, 0, 0),
            "delivered_events": nothing,
            "device_events": (X.KeyPress, X.ButtonRelease),
            "errors": nothing,
            "client_started": False,
            "client_died": False,
        }
        self._context = self._data.record_create_context(0, [record.AllClients], [wanted])
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="input recorder", daemon=True)
        self._thread.start()
        self._began.wait(5.0)

    def close(self) -> None:
        """Stops listening; without an error where the server has gone."""
        if not is_alive(self._control):
            return
        self._control.record_disable_context(self._context)
        self._control.flush()
        self._thread.join(5.0)
        self._control.record_free_context(self._context)
        self._control.close()
        self._data.close()

    def _listen(self) -> None:
        from Xlib.error import ConnectionClosedError

        with suppress(ConnectionClosedError):  # whoever looks at the screen finds that out, too
            self._data.record_enable_context(self._context, self._take)

    def _take(self, reply: Any) -> None:
        from Xlib.ext import record
        from Xlib.protocol import rq

        self._began.set()  # the first answer only says that listening has begun
        if reply.category != record.FromServer or reply.client_swapped:
            return
        data = reply.data
        while len(data):
            event, data = rq.EventField(None).parse_binary_value(data, self._data.display, None, None)
            if (found := self._event(event)) is not None:
                self.events.put(found)

    def _event(self, event: Any) -> InputEvent | None:
        from Xlib import X

        point, now = (event.root_x, event.root_y), time.monotonic()
        held = tuple(name for name, bit in HELD_BITS.items() if event.state & bit)
        if event.type == X.ButtonPress:
            return InputEvent("press", point, now, event.detail, held=held)
        if event.type == X.ButtonRelease:
            return InputEvent("release", point, now, event.detail, held=held)
        if event.type == X.KeyPress:
            symbols = self._control.get_keyboard_mapping(event.detail, 1)[0]
            key = name_of_key(symbols, event.state)
            return None if key is None else InputEvent("key", point, now, key=key, held=held)
        return None
