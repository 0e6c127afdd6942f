"""Calls of tools that are not done, and how they are answered, on a screen with two red pads."""

from __future__ import annotations

RED = "#e01020"
REFUSED = [
    ("click", {"target": "#fefe01"}, "NotFound", "Nothing on the screen matches"),
    ("click", {"target": RED}, "Ambiguous", "matches 2 things"),
    ("click", {"target": f"forbidden {RED}"}, "ActionBlockedError", "one of deny_words"),
    ("click", {"target": RED, "window": "Nowhere"}, "NotFound", "No window titled 'Nowhere' is"),
    ("press", {"chord": "ctrl+hyper"}, "InputError", "no key 'hyper'"),
    ("wait_for", {"target": "#fefe01", "timeout": 0}, "TimeoutError", "did not appear within 0 s"),
]
