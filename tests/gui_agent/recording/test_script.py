"""Scripts in YAML become steps, or one error."""

from __future__ import annotations

import pytest

from gui_agent.recording.script import read_script
from gui_agent.recording.step import ActionStep
from molmo_act.errors import InputError

SCRIPT = """
- click: the File menu
- fill: {target: the name field, text: Ünal}
- press: ctrl+s
- type: hello
- scroll: -3
- drag: {target: the volume slider, to: the right end, button: left}
- click: {target: {query: OK, region: {window: Files}}, count: 2}
- expect: a dialog
- expect_gone: {target: a dialog, timeout: 3}
- scroll_until: {target: the Advanced heading, over: the list}
- activate: Files
- close: {wm_class: Mousepad, index: 0}
- mouse_down:
- mouse_down: right
- mouse_up:
- press_sequentially: {target: the search field, text: abc, delay: 0.1}
"""
STEPS = [
    ActionStep("click", ["the File menu"], {}),
    ActionStep("fill", ["the name field"], {"text": "Ünal"}),
    ActionStep("press", [], {"chord": "ctrl+s"}),
    ActionStep("type", [], {"text": "hello"}),
    ActionStep("scroll", [], {"down": -3}),
    ActionStep("drag", ["the volume slider", "the right end"], {"button": "left"}),
    ActionStep("click", [{"query": "OK", "region": {"window": "Files"}}], {"count": 2}),
    ActionStep("expect", ["a dialog"], {}),
    ActionStep("expect_hidden", ["a dialog"], {"timeout": 3}),  # the script has its name of before
    ActionStep("scroll_until", ["the Advanced heading", "the list"], {}),
    ActionStep("activate", [], {"title": "Files"}),
    ActionStep("close", [], {"wm_class": "Mousepad", "index": 0}),
    ActionStep("mouse_down", [], {}),
    ActionStep("mouse_down", [], {"button": "right"}),
    ActionStep("mouse_up", [], {}),
    ActionStep("press_sequentially", ["the search field"], {"text": "abc", "delay": 0.1}),
]


def test_every_form_of_a_step(tmp_path) -> None:
    (tmp_path / "script.yaml").write_text(SCRIPT, encoding="utf-8")
    assert read_script(tmp_path / "script.yaml") == STEPS


def test_a_script_that_is_not_there(tmp_path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_script(tmp_path / "script.yaml")


BAD_SCRIPTS = [
    ("- click: [", "is no YAML"),  # broken off
    ("click: it", "is no list of steps"),  # one mapping
    ("", "is no list of steps"),  # nothing
    ("- click: it\n  press: x", "Step 1 is {'click': 'it', 'press': 'x'}; expected one action"),
    ("- click: it\n- dance: it", "Step 2 is 'dance'; expected one of click, hover"),
    (
        "- scroll_until: {over: it}",
        "Step 1, 'scroll_until', has the arguments {'over': 'it'}, which do not name",
    ),
    ("- fill: {target: it, text: one, text: two}", "the key 'text' is given twice"),
    ("- click: it\n  click: that", "the key 'click' is given twice"),
    ("- click: &a it\n- click: *a", "aliases (*name) are not read"),
    ("[" * 5000, "nested too deeply"),
    ("- {2026-99-99: x}", "is no YAML: month must be in"),  # a date that is none
    ("- !!int ''", "is no YAML: string index"),
    ("- drag: it", "Step 1, 'drag', has the arguments {'target': 'it'}, which do not name its target"),
]


@pytest.mark.parametrize(("text", "message"), BAD_SCRIPTS)
def test_bad_scripts_are_one_error(tmp_path, text, message) -> None:
    (tmp_path / "script.yaml").write_text(text)
    with pytest.raises(InputError) as raised:
        read_script(tmp_path / "script.yaml")
    assert message in str(raised.value)
