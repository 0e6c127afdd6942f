"""MolmoWeb as a planner: what it is told, and which tools its JSON becomes; its answers are scripted."""

from __future__ import annotations

import json
import sys

import pytest
from PIL import Image

from tests.support.families import Speaks, family

pytest.importorskip("mcp", reason="needs the extra agents")


def test_scripted_answers_of_a_tiny_molmo_2_work_the_tools():
    from desktop_agent import ToolAnswer, pursue
    from molmoweb_planner import MolmoWebPlanner

    called = []

    class Tools:
        def call(self, name, arguments):
            called.append((name, dict(arguments)))
            return ToolAnswer({}, Image.new("RGB", (64, 48)))

    click = {"thought": "I save it.", "action": {"name": "click", "x": 50.0, "y": 25.0}}
    click["action_description"] = "the Save button"
    said = [click, {"name": "send_msg_to_user", "msg": "Saved."}]
    planner = MolmoWebPlanner(family("molmo2"))
    with Speaks(family("molmo2"), *map(json.dumps, said)) as speaker:
        words, turns = pursue("Save it", Tools(), planner)
    assert words == "Saved."
    assert called == [
        ("screenshot", {}),
        ("click", {"target": "the Save button", "button": "left", "count": 1}),
    ]
    first, second = speaker.prompts
    assert (
        "molmo_web_think: \n# GOAL\nSave it\n\n# PREVIOUS STEPS\n\n# CURRENTLY ACTIVE PAGE\nPage 0: " in first
    )
    assert "## Step 1\nTHOUGHT: I save it.\nACTION: {'name': 'click', 'x': 50.0, 'y': 25.0}\n" in second
    assert len(turns) == 2


def test_what_is_no_action_ends_the_run_with_a_reason():
    from desktop_agent import Call, ToolAnswer, Turn
    from molmoweb_planner import MolmoWebPlanner

    seen = [Turn(Call("screenshot", {}), ToolAnswer({}, Image.new("RGB", (64, 48))))]
    for text in ("words alone", "[1]", '{"action": 5}', "3"):
        with Speaks(family("molmo2"), text):
            assert "did not answer with an action" in MolmoWebPlanner(family("molmo2"))("goal", seen)


@pytest.mark.parametrize(
    ("action", "calls"),
    [
        ({"name": "type", "text": "hello"}, [("type", {"text": "hello"})]),
        ({"name": "keyboard_press", "key": "ControlOrMeta+a"}, [("press", {"chord": "ctrl+a"})]),
        ({"name": "keypress", "key": "ArrowDown"}, [("press", {"chord": "down"})]),
        ({"name": "scroll", "delta_x": 0, "delta_y": 35.0}, [("scroll", {"down": 4, "right": 0})]),
        ({"name": "scroll", "delta_x": -1.0}, [("scroll", {"down": 0, "right": -1})]),
        ({"name": "noop"}, [("screenshot", {})]),
        ({"name": "browser_nav", "nav_type": "go_back"}, [("press", {"chord": "alt+left"})]),
        ({"name": "dblclick"}, [("click", {"target": "it", "button": "left", "count": 2})]),
        (
            {"name": "goto", "url": "http://a.b"},
            [("press", {"chord": "ctrl+l"}), ("type", {"text": "http://a.b"}), ("press", {"chord": "enter"})],
        ),
    ],
)
def test_actions_become_calls_of_tools(action, calls):
    from molmoweb_planner import calls_of

    assert [(call.name, call.arguments) for call in calls_of({"thought": "it", "action": action})] == calls
    assert "cannot do" in calls_of({"thought": "", "action": {"name": "fly"}})


def test_a_tiny_random_checkpoint_is_asked(monkeypatch, capsys):
    import molmoweb_planner

    monkeypatch.setattr(sys, "argv", ["molmoweb_planner.py", "Save it", "--tiny"])
    assert molmoweb_planner.main() == 0
    assert capsys.readouterr().out.startswith("It says ")
