"""Rules about keys pressed together: which are allowed, denied, or need consent."""

from __future__ import annotations

from collections.abc import Sequence

from gui_agent.input.key_names import KEYSYM_OF, MODIFIERS, key_name
from gui_agent.input.keystrokes import split_chord
from molmo_act.errors import InputError

TWINS = {
    **{"ctrlright": "ctrl", "shiftright": "shift", "altright": "alt", "winright": "win", "kpenter": "enter"},
    **{f"num{digit}": str(digit) for digit in range(10)},
    **{"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "decimal": "."},
}
"""Keys of the right side and of the number pad, and those that programs take for the same."""


def normalized_chord(keys: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Brings a chord to a form in which names, sides, case and order make no difference.

    Args:
        keys: Names of keys as people write them.

    Returns:
        Its modifiers, and its other keys.

    Example:
        >>> normalized_chord(["Control_R", "W"]) == normalized_chord(["ctrl", "w"])
        True
    """
    names = [TWINS.get(name, name) for name in map(key_name, keys)]
    names = [name.lower() if len(name) == 1 and len(names) > 1 else name for name in names]
    modifiers = frozenset(name for name in names if name in MODIFIERS)
    return modifiers, frozenset(names) - modifiers


def meanings(keys: Sequence[str]) -> list[tuple[str, ...]]:
    """Lists what programs take keys for that go down one after the other, whatever goes down after them.

    Args:
        keys: Their names, in the order in which they go down.

    Returns:
        All of them, and each that is no modifier with the modifiers that are down by then; the modifiers
        alone where one comes last.

    Example:
        >>> meanings(["alt", "f4", "shift"])
        [('alt', 'f4', 'shift'), ('alt', 'f4'), ('alt', 'shift')]
    """
    found, modifiers = [tuple(keys)], []
    for key in keys:
        is_modifier = key_name(key) in MODIFIERS
        modifiers += [key] * is_modifier
        if not is_modifier:
            found.append((*modifiers, key))
    if keys and key_name(keys[-1]) in MODIFIERS:
        found.append(tuple(modifiers))
    return list(dict.fromkeys(found))


def require_rule(name: str, rule: str) -> None:
    """Checks that a rule about keys can be kept.

    Args:
        name: Of the list of rules, for the message.
        rule: A chord, or a family such as "ctrl+*".

    Raises:
        InputError: It is no chord, or names no key.
    """
    try:
        _, keys = _read(rule)
    except InputError as error:
        raise InputError(f"{name} has {rule!r}: {error}") from error
    for key in keys:
        if len(key) > 1 and key not in KEYSYM_OF:
            raise InputError(
                f"{name} has {rule!r}, and there is no key {key!r}, so that this rule would never hold. "
                "Write keys such as 'ctrl+s', 'delete' or 'super+*'."
            )


def _read(rule: str) -> tuple[bool, tuple[str, ...]]:
    """Whether a rule is about all chords with these keys, and the keys."""
    is_family = rule.endswith("+*")
    return is_family, split_chord(rule[:-2] if is_family else rule)


def first_fitting(rules: Sequence[str], keys: Sequence[str]) -> str | None:
    """Finds the first rule that a chord fits.

    Args:
        rules: Chords such as "ctrl+w"; "super+*" stands for all that hold these modifiers, and others.
        keys: The chord.

    Returns:
        The rule; None where it fits none.

    Example:
        >>> first_fitting(["ctrl+w", "super+*"], ["Meta", "l"]), first_fitting(["ctrl+w"], ["w"])
        ('super+*', None)
    """
    modifiers, others = normalized_chord(keys)
    for rule in rules:
        is_family, names = _read(rule)
        held, pressed = normalized_chord(names)
        if is_family and held | pressed <= modifiers | others:
            return rule
        if not is_family and (held, pressed) == (modifiers, others):
            return rule
    return None
