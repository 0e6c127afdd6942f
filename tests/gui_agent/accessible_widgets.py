"""Prints what the programs of a session tell accessibility tools about their widgets; run by Debian's Python.

    /usr/bin/python3 accessible_widgets.py

For each line on stdin one line of JSON: a list of ``{"app", "role", "name", "text", "states", "box"}`` for
each widget that is shown, its box [x, y, width, height] in pixels of the screen.
"""

import json
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402 (the version must be asked for first)

STATES = ("CHECKED", "FOCUSED", "SENSITIVE", "PRESSED", "EXPANDED")


def widgets():
    desktop = Atspi.get_desktop(0)
    found = []
    for number in range(desktop.get_child_count()):
        app = desktop.get_child_at_index(number)
        if app is not None:
            collect(app, app.get_name(), found)
    return found


def collect(widget, app, found):
    try:
        widget.clear_cache()
        states = widget.get_state_set()
        if states.contains(Atspi.StateType.SHOWING):
            found.append(described(widget, app, states))
        elif widget.get_role() != Atspi.Role.APPLICATION:
            return
        for number in range(min(widget.get_child_count(), 200)):
            child = widget.get_child_at_index(number)
            if child is not None:
                collect(child, app, found)
    except GLib.Error:  # it went away meanwhile
        return


def described(widget, app, states):
    box = widget.get_extents(Atspi.CoordType.SCREEN)
    has_text = "Text" in widget.get_interfaces()
    return {
        "app": app,
        "role": widget.get_role_name(),
        "name": widget.get_name().strip(),
        "text": Atspi.Text.get_text(widget, 0, -1) if has_text else "",
        "states": [name for name in STATES if states.contains(getattr(Atspi.StateType, name))],
        "box": [box.x, box.y, box.width, box.height],
    }


for _ in sys.stdin:
    print(json.dumps(widgets()), flush=True)
