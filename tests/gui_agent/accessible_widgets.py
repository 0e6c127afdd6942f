"""Prints what the programs of a session tell accessibility tools about their widgets; run by Debian's Python.

    /usr/bin/python3 accessible_widgets.py

For each line on stdin one line of JSON: a list of ``{"app", "role", "name", "text", "label", "states",
"box"}`` for each widget that is shown, its box [x, y, width, height] in pixels of the screen; the label
is the name of the one that it says is its own.
"""

import json
import sys

STATES = ("CHECKED", "FOCUSED", "SENSITIVE", "PRESSED", "EXPANDED")


class Reader:
    """Walks over the widgets of all programs.

    Args:
        atspi: The module of the accessibility bus, which only Debian's Python has.
        gone: What it raises when a widget goes away meanwhile.
    """

    def __init__(self, atspi, gone):
        self._atspi, self._gone = atspi, gone

    def widgets(self):
        """Descriptions of all widgets that are shown."""
        desktop = self._atspi.get_desktop(0)
        found = []
        for app in self._children(desktop):
            self._collect(app, app.get_name(), found)
        return found

    def _collect(self, widget, app, found):
        try:
            widget.clear_cache()
            states = widget.get_state_set()
            if states.contains(self._atspi.StateType.SHOWING):
                found.append(self._described(widget, app, states))
            elif widget.get_role() != self._atspi.Role.APPLICATION:
                return
            for child in self._children(widget):
                self._collect(child, app, found)
        except self._gone:
            return

    def _children(self, widget):
        children = (widget.get_child_at_index(n) for n in range(min(widget.get_child_count(), 200)))
        return [child for child in children if child is not None]

    def _described(self, widget, app, states):
        box = widget.get_extents(self._atspi.CoordType.SCREEN)
        has_text = "Text" in widget.get_interfaces()
        return {
            "app": app,
            "role": widget.get_role_name(),
            "name": widget.get_name().strip(),
            "text": self._atspi.Text.get_text(widget, 0, -1) if has_text else "",
            "label": self._label(widget),
            "states": [name for name in STATES if states.contains(getattr(self._atspi.StateType, name))],
            "box": [box.x, box.y, box.width, box.height],
        }

    def _label(self, widget):
        kind = self._atspi.RelationType.LABELLED_BY
        found = [one for one in widget.get_relation_set() if one.get_relation_type() == kind]
        return found[0].get_target(0).get_name().strip() if found and found[0].get_n_targets() else ""


def main():
    import gi

    gi.require_version("Atspi", "2.0")
    from gi.repository import Atspi, GLib

    reader = Reader(Atspi, GLib.Error)
    for _ in sys.stdin:
        print(json.dumps(reader.widgets()), flush=True)


if __name__ == "__main__":
    main()
