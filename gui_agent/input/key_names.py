"""Names of keys: those of pyautogui, and what xdotool, Playwright and people call the same keys."""

from __future__ import annotations

from collections.abc import Sequence

KEYSYM_OF = {
    **{"enter": "Return", "esc": "Escape", "tab": "Tab", "space": "space", "backspace": "BackSpace"},
    **{"delete": "Delete", "insert": "Insert", "home": "Home", "end": "End", "pageup": "Prior"},
    **{"pagedown": "Next", "left": "Left", "right": "Right", "up": "Up", "down": "Down"},
    **{"ctrl": "Control_L", "ctrlright": "Control_R", "shift": "Shift_L", "shiftright": "Shift_R"},
    **{"alt": "Alt_L", "altright": "Alt_R", "altgr": "ISO_Level3_Shift", "win": "Super_L"},
    **{"winright": "Super_R", "apps": "Menu", "capslock": "Caps_Lock", "numlock": "Num_Lock"},
    **{"scrolllock": "Scroll_Lock", "printscreen": "Print", "pause": "Pause", "help": "Help"},
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
    **{f"num{digit}": f"KP_{digit}" for digit in range(10)},
    **{"kpenter": "KP_Enter", "add": "KP_Add", "subtract": "KP_Subtract", "multiply": "KP_Multiply"},
    **{"divide": "KP_Divide", "decimal": "KP_Decimal"},
}
"""What X11 calls the symbol of each named key."""

OTHER_NAMES = {
    **{"return": "enter", "escape": "esc", "del": "delete", "ins": "insert", "bksp": "backspace"},
    **{"pgup": "pageup", "prior": "pageup", "pgdn": "pagedown", "next": "pagedown", "prtsc": "printscreen"},
    **{"prtscr": "printscreen", "print": "printscreen", "prntscrn": "printscreen", "prtscn": "printscreen"},
    **{"arrowleft": "left", "arrowright": "right", "arrowup": "up", "arrowdown": "down"},
    **{"control": "ctrl", "ctrlleft": "ctrl", "controlleft": "ctrl", "controll": "ctrl"},
    **{"controlright": "ctrlright", "controlr": "ctrlright", "shiftleft": "shift", "shiftl": "shift"},
    **{"shiftr": "shiftright", "altleft": "alt", "altl": "alt", "option": "alt", "optionleft": "alt"},
    **{"altr": "altright", "isolevel3shift": "altgr", "altgraph": "altgr", "meta": "win", "super": "win"},
    **{"metaleft": "win", "metal": "win", "superl": "win", "winleft": "win", "windows": "win"},
    **{"command": "win", "cmd": "win", "metaright": "winright", "metar": "winright", "superr": "winright"},
    **{"contextmenu": "apps", "menu": "apps", "numpadenter": "kpenter", "numpadadd": "add"},
    **{"numpadsubtract": "subtract", "numpadmultiply": "multiply", "numpaddivide": "divide"},
    **{"numpaddecimal": "decimal", "kpadd": "add", "kpsubtract": "subtract", "kpmultiply": "multiply"},
    **{"kpdivide": "divide", "kpdecimal": "decimal", "spacebar": "space", "optionright": "altright"},
    **{f"numpad{digit}": f"num{digit}" for digit in range(10)},
    **{f"kp{digit}": f"num{digit}" for digit in range(10)},
    **{"\n": "enter", "\r": "enter", "\t": "tab", " ": "space", "\b": "backspace", "\x1b": "esc"},
    **{"plus": "+", "minus": "-", "comma": ",", "period": ".", "slash": "/", "equal": "=", "less": "<"},
    **{"greater": ">", "semicolon": ";", "colon": ":", "bracketleft": "[", "bracketright": "]", "at": "@"},
    **{"backslash": "\\", "underscore": "_", "asterisk": "*", "question": "?", "exclam": "!"},
    **{"apostrophe": "'", "quotedbl": '"', "grave": "`", "numbersign": "#", "percent": "%"},
}
"""Other names of the same keys, in lower case, without underscores."""

MODIFIERS = ("ctrl", "shift", "alt", "altgr", "win", "ctrlright", "shiftright", "altright", "winright")


PASTING = ("ctrl", "v")
PASTING_IN_TERMINALS: dict[str, tuple[str, ...] | None] = {
    **dict.fromkeys(("xterm", "uxterm", "urxvt", "rxvt", "st", "st-256color"), None),
    **dict.fromkeys(
        (
            *("gnome-terminal", "gnome-terminal-server", "org.gnome.terminal", "kgx", "org.gnome.console"),
            *("xfce4-terminal", "mate-terminal", "lxterminal", "terminator", "tilix", "guake", "qterminal"),
            *("konsole", "yakuake", "kitty", "alacritty", "org.wezfurlong.wezterm", "ptyxis", "terminology"),
        ),
        ("ctrl", "shift", "v"),
    ),
}
"""By class of window in lower case: what pastes the clipboard in terminals, which take Ctrl+V for a command;
None where nothing does."""


def pasting_chord(wm_class: Sequence[str]) -> tuple[str, ...] | None:
    """Tells which keys paste the clipboard in a window.

    Args:
        wm_class: Names of its class; empty where they are not known.

    Returns:
        The keys; None where none do.
    """
    for name in wm_class:
        if name.lower() in PASTING_IN_TERMINALS:
            return PASTING_IN_TERMINALS[name.lower()]
    return PASTING


def key_name(name: str) -> str:
    """Gives the one name of a key that this package uses.

    Args:
        name: As pyautogui, xdotool or Playwright has it, in upper or lower case; or a single character.

    Returns:
        The name; what is unknown comes back in lower case, a single character as it is.

    Example:
        >>> key_name("ArrowLeft"), key_name("Page_Down"), key_name("Control_L"), key_name("A")
        ('left', 'pagedown', 'ctrl', 'A')
    """
    if len(name) == 1:
        return OTHER_NAMES.get(name, name)
    plain = name.lower()
    bare = plain.replace("_", "").replace("-", "")
    if bare in KEYSYM_OF:
        return bare
    if bare.startswith("key") and len(bare) == 4:  # as Playwright names the key of a letter
        return bare[3]
    if bare.startswith("digit") and len(bare) == 6:
        return bare[5]
    return OTHER_NAMES.get(bare, plain)
