"""Offers a text on the X11 clipboard, knows which program takes it, and can offer it to one program alone.

On X11 a clipboard has no memory of its own: whoever copied something hands it over each time a program asks.
So the text goes when this process does, however it ends.
"""

from __future__ import annotations

import os
import queue
import select
import threading
import warnings
from dataclasses import dataclass
from typing import Any

from gui_agent.input.x11.windows import client_of

CHUNK = 1 << 16
"""Bytes; a longer text is handed over in pieces of this size (ICCCM calls that INCR)."""
PASSWORD_HINT = "x-kde-passwordManagerHint"
"""Asked for by clipboard histories, which leave out what answers "secret"."""


@dataclass(frozen=True)
class Taken:
    """A program has the text.

    Attributes:
        client: Which one, as `gui_agent.input.x11.windows.WindowInfo.client`.
    """

    client: int


class Offer(threading.Thread):
    """Offers a text until it is stopped or another program copies something.

    Args:
        display_name: Of the display.
        text: The text.
        only_for_target: Whether only `target` gets it.

    Attributes:
        target: The program that it is pasted into; None for none yet.
        taken: A `Taken` for each program that has the text.
        lost: Set when another program has copied something.

    Raises:
        XError: The display cannot be reached.
    """

    def __init__(self, display_name: str, text: str, *, only_for_target: bool = False) -> None:
        from Xlib.display import Display

        super().__init__(name="clipboard", daemon=True)
        self.target: int | None = None
        self.taken: queue.SimpleQueue[Taken] = queue.SimpleQueue()
        self.lost = threading.Event()
        self._content, self._only_for_target = text.encode(), only_for_target
        self._unfinished: dict[tuple[int, int], tuple[int, bytes]] = {}  # by requestor and property
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it leaves its access file open
            self._display = Display(display_name)
        self._awake, self._wake = os.pipe()
        root = self._display.screen().root
        self._window = root.create_window(0, 0, 1, 1, 0, self._display.screen().root_depth)
        self._clipboard = self._atom("CLIPBOARD")
        self._window.set_selection_owner(self._clipboard, 0)
        self.is_offered = self._display.get_selection_owner(self._clipboard) == self._window

    def run(self) -> None:
        """Answers programs that ask, until `stop`."""
        connection = self._display.fileno()
        try:
            while True:
                # Sending may read events, too, which select() would then wait for: nothing is sent between.
                self._display.flush()
                while self._display.pending_events():
                    self._answer(self._display.next_event())
                readable, _, _ = select.select([connection, self._awake], [], [])
                if self._awake in readable:
                    return
        except (OSError, ValueError):  # the server is gone, and the clipboard with it
            self.lost.set()

    def stop(self) -> None:
        """Takes the text back, where it is still on offer."""
        os.write(self._wake, b".")
        if self.is_alive():
            self.join()
        self._display.close()
        os.close(self._awake)
        os.close(self._wake)

    def _answer(self, event: Any) -> None:
        from Xlib import X

        if event.type == X.SelectionClear:
            self.lost.set()
        elif event.type == X.SelectionRequest:
            self._hand_over(event)
        elif event.type == X.PropertyNotify and event.state == X.PropertyDelete:
            self._continue(event.window, event.atom)

    def _hand_over(self, event: Any) -> None:
        from Xlib.protocol.event import SelectionNotify

        target = self._display.get_atom_name(event.target)
        place = event.property or event.target  # programs of long ago name no property
        client = client_of(self._display, event.requestor.id)
        is_text = target in ("UTF8_STRING", "STRING", "TEXT", "text/plain", "text/plain;charset=utf-8")
        is_served = True
        if target == "TARGETS":
            names = ["TARGETS", "UTF8_STRING", "STRING", "TEXT", "text/plain;charset=utf-8", "text/plain"]
            names += [PASSWORD_HINT] if self._only_for_target else []
            atoms = [self._atom(name) for name in names]
            event.requestor.change_property(place, self._atom("ATOM"), 32, atoms, onerror=_ignore)
        elif target == PASSWORD_HINT and self._only_for_target:
            event.requestor.change_property(place, event.target, 8, b"secret", onerror=_ignore)
        elif is_text and (client == self.target or not self._only_for_target):
            kind = self._atom("UTF8_STRING") if target == "TEXT" else event.target
            self._hand_over_text(event.requestor, place, kind, client)
        else:
            is_served = False
        notice = SelectionNotify(
            time=event.time,
            requestor=event.requestor,
            selection=event.selection,
            target=event.target,
            property=place if is_served else 0,
        )
        event.requestor.send_event(notice, onerror=_ignore)
        self._display.flush()

    def _hand_over_text(self, requestor: Any, place: int, kind: int, client: int) -> None:
        from Xlib import X

        content = self._content
        if kind == self._atom("STRING"):
            content = content.decode().encode("latin-1", errors="replace")
        if len(content) <= CHUNK:
            requestor.change_property(place, kind, 8, content, onerror=_ignore)
            self.taken.put(Taken(client))
            return
        requestor.change_attributes(event_mask=X.PropertyChangeMask, onerror=_ignore)
        requestor.change_property(place, self._atom("INCR"), 32, [len(content)], onerror=_ignore)
        self._unfinished[requestor.id, place] = kind, content

    def _continue(self, requestor: Any, place: int) -> None:
        """Hands over the next piece, once the requestor has taken the one before; an empty one ends it."""
        if (requestor.id, place) not in self._unfinished:
            return
        kind, content = self._unfinished[requestor.id, place]
        requestor.change_property(place, kind, 8, content[:CHUNK], onerror=_ignore)
        self._display.flush()
        if content:
            self._unfinished[requestor.id, place] = kind, content[CHUNK:]
        else:
            del self._unfinished[requestor.id, place]
            self.taken.put(Taken(client_of(self._display, requestor.id)))

    def _atom(self, name: str) -> int:
        return int(self._display.get_atom(name))


def _ignore(error: object, request: object) -> None:
    """The requestor is gone, and needs no answer."""
