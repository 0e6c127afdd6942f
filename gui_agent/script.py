"""Scripts of steps in YAML, read into steps; knows no desktop.

    - click: the File menu
    - fill: {target: the name field, text: Ünal}
    - press: ctrl+s
    - drag: {target: the volume slider, to: the right end of the volume slider}
    - click: {target: {query: OK, region: {window: Files}}, button: right}
    - expect: a dialog saying the file was saved
    - scroll_until: {target: the Advanced heading, over: the list}

An action is one of `gui_agent.steps.ACTIONS`, its target words or a mapping as in records. What else its
mapping holds are the arguments of the method of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gui_agent.steps import ACTIONS, Step
from molmo_act.errors import InputError

SECOND_TARGETS = {"drag": "to", "scroll_until": "over"}
# What a value that is not a mapping stands for, where that is not the target.
SHORT_FORMS = {"press": "chord", "type": "text", "scroll": "down"}


def read_script(path: Path) -> list[Step]:
    """The steps of a script.

    Raises:
        InputError: It cannot be read, is no YAML, or one of its steps makes no sense.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The script {str(path)!r} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise InputError(f"The script {str(path)!r} is no YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, list) or not content:
        raise InputError(f"The script {str(path)!r} is no list of steps such as '- click: the Save button'.")
    return [_step(number, entry) for number, entry in enumerate(content, start=1)]


def _step(number: int, entry: Any) -> Step:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise InputError(f"Step {number} is {entry!r}; expected one action and its target.")
    [(action, told)] = entry.items()
    if action not in ACTIONS:
        raise InputError(f"Step {number} is {action!r}; expected one of {', '.join(ACTIONS)}.")
    if not isinstance(told, Mapping):
        told = {SHORT_FORMS.get(action, "target"): told}
    names = ("target", SECOND_TARGETS.get(action))
    targets = [told[name] for name in names if name in told]
    arguments = {name: value for name, value in told.items() if name not in names}
    if len(targets) not in ACTIONS[action] or (targets and "target" not in told):
        raise InputError(f"Step {number}, {action!r}, is told {dict(told)}, which does not name its target.")
    return Step(action, targets, arguments)
