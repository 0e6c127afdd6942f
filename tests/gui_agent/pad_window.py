"""A real window of coloured pads that says on stdout every press and value it receives.

One JSON object per line: first ``{"event": "ready", "boxes": {name: [x, y, width, height]}}`` in pixels of
the screen, then what happens. Ends when its stdin is closed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tkinter
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
from form_window import open_window, run_until_closed, say

SHIFT, CONTROL = 0x1, 0x4
FLASH_MS = 120


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--title", default="Pads")
    parser.add_argument("--geometry", default="480x360+200+120")
    parser.add_argument("--flicker", action="store_true", help="the whole window never comes to rest")
    parser.add_argument("--spinner", action="store_true", help="a corner of the window never comes to rest")
    parser.add_argument("--list", metavar="#RRGGBB", help="a long list whose last row has this colour")
    parser.add_argument(
        "--slider", metavar="#RRGGBB", help="a slider from 0 to 100 with a knob of this colour"
    )
    # dead never looks different; toggle does after each press; flash does for a moment; shy goes to the other
    # end of the window whenever the pointer comes, jumpy the first time
    parser.add_argument("pads", nargs="*", metavar="dead|toggle|flash|shy|jumpy:NAME=#RRGGBB")
    arguments = parser.parse_args()
    root = open_window(arguments.title, arguments.geometry)
    widgets: dict[str, tkinter.Widget] = {}
    for spec in arguments.pads:
        kind, _, rest = spec.partition(":")
        name, _, colour = rest.partition("=")
        widgets[name] = add_pad(root, kind, name, colour)
    if arguments.list:
        widgets["list"] = add_list(root, arguments.list)
    if arguments.slider:
        widgets["slider"] = add_slider(root, arguments.slider)
    if arguments.flicker:
        flicker(root, root)
    if arguments.spinner:
        corner = tkinter.Frame(root, width=40, height=40)
        corner.place(relx=1, rely=1, anchor="se")
        flicker(root, corner)
    run_until_closed(root, widgets)


def add_pad(root: tkinter.Tk, kind: str, name: str, colour: str) -> tkinter.Frame:
    pad = tkinter.Frame(root, background=colour, width=120, height=60)
    pad.pack(padx=10, pady=10)
    mark = tkinter.Frame(pad, background="white", width=20, height=20)

    def toggle() -> None:
        if mark.winfo_manager():
            mark.place_forget()
        else:
            mark.place(x=4, y=4)

    def pressed(event: tkinter.Event) -> None:
        held = [word for word, bit in (("shift", SHIFT), ("ctrl", CONTROL)) if int(event.state) & bit]
        say("press", name=name, button=event.num, held=held)
        if kind != "dead":
            toggle()
        if kind == "flash":
            root.after(FLASH_MS, toggle)

    pad.bind("<Button>", pressed)
    # The second press of two in quick succession comes here alone.
    pad.bind("<Double-Button-1>", lambda event: (pressed(event), say("double", name=name)))
    sides = {"shy": cycle(["bottom", "top"]), "jumpy": iter(["bottom"])}.get(kind, iter(()))

    def entered(_: tkinter.Event) -> None:
        say("enter", name=name)
        if side := next(sides, None):
            pad.pack_configure(side=side)

    pad.bind("<Enter>", entered)
    return pad


def add_list(root: tkinter.Tk, colour: str) -> tkinter.Listbox:
    rows = tkinter.Listbox(root, height=6, font=("DejaVu Sans", 14))
    for number in range(60):
        rows.insert("end", f"row {number}")
    rows.itemconfigure(59, background=colour)
    rows.pack(padx=10, pady=10)
    return rows


def add_slider(root: tkinter.Tk, colour: str) -> tkinter.Scale:
    slider = tkinter.Scale(root, orient="horizontal", length=300, background=colour, activebackground=colour)
    slider.configure(
        command=lambda value: say("value", value=int(value)), showvalue=False, troughcolor="white"
    )
    slider.pack(padx=10, pady=10)
    return slider


def flicker(root: tkinter.Tk, widget: tkinter.Tk | tkinter.Frame) -> None:
    widget.configure(background=f"#{random.randrange(1 << 24):06x}")  # no two frames are alike, as in a video
    root.after(20, flicker, root, widget)


if __name__ == "__main__":
    main()
