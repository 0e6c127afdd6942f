"""A real window that does to an agent what windows do, and says on stdout what it receives.

It opens at once, or when it is told "show" on stdin; then it raises itself and takes the keyboard. Told
"ping", it says "pong" when it has told of all that came before. One JSON object per line, as from
`pad_window.py`.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import tkinter
from functools import partial
from pathlib import Path
from tkinter import ttk

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
sys.path.insert(0, str(Path(__file__).parents[2]))
from form_window import add_field, answer, open_window, say, say_when_ready

from tests.gui_agent.pad_window import add_pad, flicker


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--title", default="Hostile")
    parser.add_argument("--geometry", default="300x200+200+120")
    parser.add_argument("--field", action="append", default=[], help="a text field")
    parser.add_argument(
        "--echo", action="store_true", help="the title repeats what is typed, and so does a tip"
    )
    parser.add_argument(
        "--menu", metavar="#RRGGBB", help="a right click opens a menu of one item so coloured"
    )
    parser.add_argument("--combo", metavar="#RRGGBB", help="a combo box whose list has this colour")
    parser.add_argument("--dialog", metavar="TITLE=#RRGGBB", help="a dialog of this window, with a pad")
    parser.add_argument("--tooltip", metavar="NAME", help="a tooltip comes over a pad when the pointer rests")
    parser.add_argument("--kiosk", action="store_true", help="cover the screen and hold the keyboard")
    parser.add_argument("--hidden", action="store_true", help="wait to be told to show")
    parser.add_argument("pads", nargs="*", metavar="KIND:NAME=#RRGGBB")
    arguments = parser.parse_args()
    root = open_window(arguments.title, "1280x800+0+0" if arguments.kiosk else arguments.geometry)
    if arguments.kiosk:
        root.overrideredirect(True)
        root.after(300, root.grab_set_global)
    widgets: dict[str, tkinter.Widget] = {}
    for spec in arguments.pads:
        kind, _, rest = spec.partition(":")
        name, _, colour = rest.partition("=")
        widgets[name] = add_pad(root, kind, name, colour)
        for wheel in ("<Button-4>", "<Button-5>"):
            widgets[name].bind(wheel, lambda event, name=name: say("wheel", name=name))
        widgets[name].bind("<ButtonRelease-1>", lambda event, name=name: say("release", name=name), add=True)
    for name in arguments.field:
        widgets[name] = add_field(root, name, 18)
    if arguments.menu:
        add_menu(root, arguments.menu)
    if arguments.combo:
        widgets["combo"] = add_combo(root, arguments.combo)
    if arguments.dialog:
        add_dialog(root, *arguments.dialog.split("="))
    if arguments.tooltip:
        add_tooltip(root, widgets[arguments.tooltip])
    if arguments.echo:
        echo(root, widgets[arguments.field[0]])
    root.bind_all("<Key>", lambda event: say("key", key=event.keysym))
    if arguments.hidden:
        root.withdraw()
        say("ready", boxes={})
    else:
        say_when_ready(root, widgets, seen=[])
    threading.Thread(target=obey, args=(root, widgets), daemon=True).start()
    root.mainloop()


def obey(root: tkinter.Tk, widgets: dict[str, tkinter.Widget]) -> None:
    for line in sys.stdin:
        if line.strip() == "show":
            root.after(0, partial(show, root, widgets))
        if line.strip() == "play":
            root.after(0, partial(flicker, root, root))
        if line.strip() == "ping":
            root.after(0, partial(answer, root))
    os._exit(0)


def show(root: tkinter.Tk, widgets: dict[str, tkinter.Widget]) -> None:
    root.deiconify()
    root.lift()
    (next(iter(widgets.values())) if widgets else root).focus_force()
    root.after(50, lambda: say("shown"))


def add_menu(root: tkinter.Tk, colour: str) -> None:
    menu = tkinter.Menu(root, tearoff=False)
    menu.add_command(
        label="      Item      ", background=colour, activebackground=colour, command=partial(say, "item")
    )
    root.bind("<Button-3>", lambda event: menu.tk_popup(event.x_root + 4, event.y_root + 4))


def add_combo(root: tkinter.Tk, colour: str) -> ttk.Combobox:
    root.option_add("*TCombobox*Listbox.background", colour)
    combo = ttk.Combobox(root, values=["", "", ""], state="readonly")
    combo.bind("<<ComboboxSelected>>", lambda event: say("item"))
    combo.pack(padx=10, pady=10)
    return combo


def add_dialog(root: tkinter.Tk, title: str, colour: str) -> None:
    dialog = tkinter.Toplevel(root)
    dialog.title(title)
    dialog.transient(root)
    dialog.geometry("200x100+800+500")
    add_pad(dialog, "toggle", title, colour)


def add_tooltip(root: tkinter.Tk, pad: tkinter.Widget) -> None:
    tip = tkinter.Toplevel(root)
    tip.overrideredirect(True)
    tip.attributes("-type", "tooltip")
    tip.withdraw()
    tkinter.Label(tip, text="A tip", background="#ffffe0").pack()
    tip.bind("<Button>", lambda event: say("press", name="tooltip"))
    waiting: list[str] = []

    def show() -> None:
        tip.geometry(f"+{pad.winfo_rootx() + pad.winfo_width() // 2}+{pad.winfo_rooty() + 20}")
        tip.deiconify()
        say("tip")

    def enter(_: object) -> None:
        waiting.append(root.after(400, show))

    def leave(event: tkinter.Event) -> None:
        for one in waiting:
            root.after_cancel(one)
        waiting.clear()
        if tip.winfo_containing(event.x_root, event.y_root) not in (tip, *tip.winfo_children()):
            tip.withdraw()

    pad.bind("<Enter>", enter, add=True)
    pad.bind("<Leave>", leave, add=True)
    tip.bind("<Leave>", lambda event: tip.withdraw())


def echo(root: tkinter.Tk, field: tkinter.Entry) -> None:
    tip = tkinter.Toplevel(root)
    tip.overrideredirect(True)
    tip.geometry("200x40+900+100")
    label = tkinter.Label(tip, background="#fefe01")
    label.pack(fill="both", expand=True)

    def repeat() -> None:
        root.title(f"Form: {field.get()}")
        label.configure(text=field.get())
        root.after(20, repeat)

    repeat()


if __name__ == "__main__":
    main()
