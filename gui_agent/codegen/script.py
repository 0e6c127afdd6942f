"""Writes acts as lines of a Python script for ``gui-agent run``."""

from __future__ import annotations

from collections.abc import Sequence

from gui_agent.codegen.acts import Act
from gui_agent.codegen.words import Look
from gui_agent.vision.regions import Window, facts_of

HEADER = '"""Recorded by gui-agent codegen; run it with gui-agent run FILE."""\n'
TODO = "TODO"


def line_of(act: Act, looks: Sequence[Look], words: Sequence[str | None], *, is_secret: bool = False) -> str:
    """Writes one act.

    Args:
        act: What was done.
        looks: Of its places: one, two of a drag, none for keys.
        words: That find each of them; None where none do.
        is_secret: Whether a typed text is kept out of the script.

    Returns:
        A line, with a comment above it where something has to be added by hand.
    """
    if act.kind == "type":
        if is_secret:
            return 'desktop.type(getpass.getpass("secret to type: "), secret=True)'
        return f"desktop.type({act.text!r})"
    if act.kind == "press":
        if not act.text:
            return f"# {TODO}: a key without a name was pressed here, such as a dead key"
        return f"desktop.press({act.text!r})"
    comments = [
        _unnamed(look, place)
        for look, place, known in zip(looks, (act.point, act.end), words, strict=False)
        if known is None
    ]
    if act.kind != "click" and act.held:
        comments.append(
            f"# {TODO}: {' and '.join(act.held)} was held meanwhile, which a {act.kind} cannot say"
        )
    first, *others = [_locator(look.window, known) for look, known in zip(looks, words, strict=True)]
    call = _drag(act, *others) if act.kind == "drag" else _click(act) if act.kind == "click" else _scroll(act)
    return "\n".join([*comments, f"{first}.{call}"])


def script_of(lines: Sequence[str]) -> str:
    """Puts a script together; it refuses to run while something has to be added by hand.

    Args:
        lines: Of `line_of`.

    Returns:
        The script.
    """
    unfinished = sum(any(one.startswith(f"# {TODO}:") for one in line.splitlines()) for line in lines)
    head = [HEADER]
    if any("getpass" in line for line in lines):
        head.append("import getpass\n")
    if unfinished:
        reason = f"words are missing in {unfinished} of the steps; see {TODO} below, then delete this line"
        head.append(f'raise SystemExit("{reason}")\n')
    return "\n".join([*head, *lines, ""])


def _unnamed(look: Look, place: tuple[int, int]) -> str:
    where = f"at {place}" if look.window is None else f"at {place} in the window {look.window}"
    said = "" if look.widget is None else f", a {look.widget.role} {look.widget.name!r}"
    return f"# {TODO}: the model finds no words for what was there {where}{said}; write some"


def _locator(window: Window | None, words: str | None) -> str:
    query = repr(TODO if words is None else words)
    if window is None:
        return f"desktop.locator({query})"
    options = [f"{name}={value!r}" for name, value in facts_of(window).items()]
    facts = ", ".join(option.removeprefix("title=") for option in options)
    return f"desktop.window({facts}).locator({query})"


def _click(act: Act) -> str:
    options = []
    if act.button != "left":
        options.append(f"button={act.button!r}")
    if act.count != 1:
        options.append(f"count={act.count}")
    if act.held:
        options.append(f"modifiers={list(act.held)!r}")
    return f"click({', '.join(options)})"


def _drag(act: Act, end: str) -> str:
    button = "" if act.button == "left" else f", button={act.button!r}"
    return f"drag_to({end}{button})"


def _scroll(act: Act) -> str:
    down, right = act.notches
    return f"scroll({down})" if not right else f"scroll({down}, {right})"
