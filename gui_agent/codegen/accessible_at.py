"""Says what programs tell accessibility tools about a place; run by a Python that has their bindings.

    /usr/bin/python3 accessible_at.py

For each line "x y" on stdin one line of JSON: ``{"role": …, "name": …}`` of the innermost widget there, in
pixels of the screen, or null. It imports nothing of this package, since that Python does not have it.
"""

import json
import sys


def widget_at(atspi, gone, x, y):
    """The innermost widget at a place that is shown, or None."""
    desktop = atspi.get_desktop(0)
    best = None
    for app in children(desktop):
        try:
            for window in children(app):
                found = innermost(atspi, window, x, y)
                if found is not None and (best is None or area(atspi, found) < area(atspi, best)):
                    best = found
        except gone:
            continue
    return best


def innermost(atspi, widget, x, y):
    """The innermost part of a widget at a place; None where it does not lie there."""
    box = widget.get_extents(atspi.CoordType.SCREEN)
    is_there = box.x <= x < box.x + box.width and box.y <= y < box.y + box.height
    if not widget.get_state_set().contains(atspi.StateType.SHOWING) or not is_there:
        return None
    for child in children(widget):
        found = innermost(atspi, child, x, y)
        if found is not None:
            return found
    return widget


def children(widget):
    """The parts of a widget."""
    found = (widget.get_child_at_index(n) for n in range(min(widget.get_child_count(), 200)))
    return [child for child in found if child is not None]


def area(atspi, widget):
    """Pixels that a widget covers."""
    box = widget.get_extents(atspi.CoordType.SCREEN)
    return box.width * box.height


def described(widget):
    """A widget's role and name; that of its label where it has none."""
    name = widget.get_name() or ""
    for relation in widget.get_relation_set() if not name else ():
        if relation.get_relation_type().value_nick == "labelled-by":
            name = relation.get_target(0).get_name() or ""
    return {"role": widget.get_role_name(), "name": name.strip()}


def main():
    """Answers until stdin ends."""
    import gi

    gi.require_version("Atspi", "2.0")
    from gi.repository import Atspi, GLib

    print("ready", flush=True)
    for line in sys.stdin:
        x, y = map(int, line.split())
        try:
            found = widget_at(Atspi, GLib.Error, x, y)
            answer = None if found is None else described(found)
        except GLib.Error:  # it has just gone
            answer = None
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
