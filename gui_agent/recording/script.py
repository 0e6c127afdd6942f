"""Reads scripts of steps in YAML.

    - click: the File menu
    - fill: {target: the name field, text: Ünal}
    - press: ctrl+s
    - drag: {target: the volume slider, to: the right end of the volume slider}
    - click: {target: {query: OK, region: {window: Files}}, button: right}
    - activate: Files
    - close: {wm_class: Mousepad, index: 0}
    - mouse_down:
    - mouse_up:
    - press_sequentially: {target: the search field, text: abc, delay: 0.1}
    - expect: a dialog saying the file was saved
    - scroll_until: {target: the Advanced heading, over: the list}

An action is one of `gui_agent.recording.step.ACTIONS`; its target is words, or a mapping as in records. What
else its mapping holds are the arguments of the method of that name.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from gui_agent.recording.step import ACTIONS, ActionStep, current_action
from molmo_act._optional import import_optional
from molmo_act.errors import InputError

DEEPEST = 40
"""How deeply a script may be nested: a target with all neighbours that it may have fits."""
SECOND_TARGETS = {"drag": "to", "scroll_until": "over"}
# What a value that is not a mapping stands for, where that is not the target.
SHORT_FORMS = {
    "press": "chord",
    "type": "text",
    "scroll": "down",
    "mouse_down": "button",
    "activate": "title",
    "close": "title",
}
WITHOUT_VALUE = ("mouse_down", "mouse_up")


def read_script(path: Path) -> list[ActionStep]:
    """Reads the steps of a script.

    Args:
        path: File in YAML.

    Returns:
        The steps, in order; at least one.

    Raises:
        InputError: The file cannot be read, is no YAML, or one of its steps makes no sense.
        MissingExtraError: PyYAML is not installed.
    """
    yaml = import_optional("yaml", extra="gui", purpose="Reading a script")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The script {str(path)!r} cannot be read: {error}.") from error
    try:
        content = yaml.load(text, Loader=_strict_loader(yaml))
    except Exception as error:  # on odd numbers and dates PyYAML fails with nearly every type of exception
        reason = " ".join(str(error).split())[:500]
        raise InputError(f"The script {str(path)!r} is no YAML: {reason}.") from error
    if not isinstance(content, list) or not content:
        raise InputError(f"The script {str(path)!r} is no list of steps such as '- click: the Save button'.")
    return [_step(number, entry) for number, entry in enumerate(content, start=1)]


@lru_cache(maxsize=1)
def _strict_loader(yaml: Any) -> Any:
    """PyYAML's safe loader, without aliases, deep nesting and keys that are given twice.

    Aliases can make a few lines stand for more than fits in memory, or for something that holds itself.
    Nesting takes PyYAML time that grows with its square, and of two equal keys it takes the last.
    """

    class StrictLoader(yaml.SafeLoader):  # type: ignore[misc]
        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark
                raise yaml.composer.ComposerError(
                    None, None, "aliases (*name) are not read; write it out", mark
                )
            if self.depth == DEEPEST:
                raise yaml.composer.ComposerError(
                    None, None, "it is nested too deeply", self.peek_event().start_mark
                )
            self.depth += 1
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            for number, key in enumerate(keys):
                if key in keys[:number]:
                    problem = f"the key {key!r} is given twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
            found: dict[Any, Any] = super().construct_mapping(node, deep)
            return found

    return StrictLoader


def _step(number: int, entry: Any) -> ActionStep:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise InputError(f"Step {number} is {reprlib.repr(entry)}; expected one action and its target.")
    [(name, given)] = entry.items()
    action = current_action(name)
    if action not in ACTIONS:
        raise InputError(f"Step {number} is {reprlib.repr(action)}; expected one of {', '.join(ACTIONS)}.")
    if given is None and action in WITHOUT_VALUE:
        given = {}
    if not isinstance(given, Mapping):
        given = {SHORT_FORMS.get(action, "target"): given}
    names = ("target", SECOND_TARGETS.get(action))
    targets = [given[name] for name in names if name in given]
    arguments = {name: value for name, value in given.items() if name not in names}
    if len(targets) not in ACTIONS[action] or (targets and "target" not in given):
        raise InputError(
            f"Step {number}, {action!r}, has the arguments {reprlib.repr(dict(given))}, which do not name "
            "its target."
        )
    return ActionStep(action, targets, arguments)
