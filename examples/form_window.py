"""Opens a window with named buttons and text fields that prints what it receives on stdout.

    python examples/form_window.py --button Save --button Cancel=#00aa00 --field Name

One JSON object per line: first ``{"event": "ready", "boxes": {name: [x, y, width, height]}}`` in pixels of
the screen, then ``{"event": "press", "name": ...}`` for each pressed button, and ``{"event": "text", "name":
..., "text": ...}`` with the whole content of a field whenever it changes. Told "ping" on stdin, it says
``{"event": "pong"}`` when it has told of all that came before. Ends when its stdin is closed or its window
is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import tkinter
from functools import partial

LOOK_MS = 50
STILL_LOOKS = 5  # as many looks in a row must see the same before the window counts as placed


def main() -> None:
    """Opens the window and stays until it is closed."""
    arguments = parse_arguments()
    root = open_window(arguments.title, arguments.geometry)
    widgets: dict[str, tkinter.Widget] = {}
    for spec in arguments.button:
        name, _, colour = spec.partition("=")
        widgets[name] = add_button(root, name, colour, arguments.font_size)
    for name in arguments.field:
        widgets[name] = add_field(root, name, arguments.font_size)
    for name in arguments.area:
        widgets[name] = add_area(root, name, arguments.font_size)
    run_until_closed(root, widgets)


def open_window(title: str, geometry: str) -> tkinter.Tk:
    """An empty window, at its place as Tk writes it: WIDTHxHEIGHT+X+Y."""
    root = tkinter.Tk()
    root.title(title)
    root.geometry(geometry)
    return root


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="A window that says what it receives, as JSON lines.", allow_abbrev=False
    )
    parser.add_argument("--title", default="Form")
    parser.add_argument("--geometry", default="480x360+200+120", help="as Tk writes it: WIDTHxHEIGHT+X+Y")
    parser.add_argument("--font-size", type=int, default=18)
    parser.add_argument("--button", action="append", default=[], metavar="NAME[=#RRGGBB]")
    parser.add_argument("--field", action="append", default=[], metavar="NAME", help="a field of one line")
    parser.add_argument("--area", action="append", default=[], metavar="NAME", help="a field of many lines")
    return parser.parse_args()


def add_button(root: tkinter.Tk, name: str, colour: str, font_size: int) -> tkinter.Button:
    """A button that says when it is pressed."""
    pressed = partial(say, "press", name=name)
    button = tkinter.Button(root, text=name, font=("DejaVu Sans", font_size), command=pressed)
    if colour:
        button.configure(background=colour, activebackground=colour)
    button.pack(padx=24, pady=10)
    return button


def add_field(root: tkinter.Tk, name: str, font_size: int) -> tkinter.Entry:
    """A field of one line that says its content whenever it changes."""
    tkinter.Label(root, text=name, font=("DejaVu Sans", font_size)).pack()
    content = tkinter.StringVar()
    content.trace_add("write", lambda *_: say("text", name=name, text=content.get()))
    field = tkinter.Entry(root, textvariable=content, font=("DejaVu Sans", font_size))
    field.pack(padx=24, pady=4)
    return field


def add_area(root: tkinter.Tk, name: str, font_size: int) -> tkinter.Text:
    """A field of many lines that says its content whenever it changes."""
    area = tkinter.Text(root, height=4, width=30, font=("DejaVu Sans", font_size))

    def changed(_: object) -> None:
        say("text", name=name, text=area.get("1.0", "end-1c"))
        area.edit_modified(False)

    area.bind("<<Modified>>", lambda event: changed(event) if area.edit_modified() else None)
    area.pack(padx=24, pady=4)
    return area


def run_until_closed(root: tkinter.Tk, widgets: dict[str, tkinter.Widget]) -> None:
    """Says where the named widgets are once the window stands, and runs it until it or stdin is closed."""
    say_when_ready(root, widgets, seen=[])
    threading.Thread(target=obey, args=(root,), daemon=True).start()
    root.mainloop()


def say_when_ready(root: tkinter.Tk, widgets: dict[str, tkinter.Widget], seen: list[object]) -> None:
    """Says where each widget is, once the window manager has framed and placed the window and lets it be.

    Args:
        root: The window.
        widgets: By name.
        seen: What was found at each look before.
    """
    boxes = {
        name: [widget.winfo_rootx(), widget.winfo_rooty(), widget.winfo_width(), widget.winfo_height()]
        for name, widget in widgets.items()
    }
    placed = all(widget.winfo_viewable() and widget.winfo_width() > 1 for widget in widgets.values())
    seen.append(boxes if placed else None)
    if placed and len(seen) > STILL_LOOKS and all(look == boxes for look in seen[-STILL_LOOKS:]):
        say("ready", boxes=boxes)
    else:
        root.after(LOOK_MS, say_when_ready, root, widgets, seen)


def say(event: str, **content: object) -> None:
    """Writes one event as a JSON line."""
    print(json.dumps({"event": event, **content}), flush=True)


def obey(root: tkinter.Tk) -> None:
    """Answers pings, and ends the program when the one that started it goes away."""
    for line in sys.stdin:
        if line.strip() == "ping":
            root.after(0, answer, root)
    os._exit(0)


def answer(root: tkinter.Tk) -> None:
    """Says "pong" once all is told that the server has sent until now."""
    root.winfo_pointerxy()  # a round trip: what was sent before is here then
    root.update()
    say("pong")


if __name__ == "__main__":
    main()
