"""MolmoWeb plans, this library is hand and eye: the planner of `desktop_agent.py` in place of a chat service.

MolmoWeb-8B and -4B are Molmo 2 checkpoints that answer a goal, earlier steps and a screenshot with the next
action as JSON. Its clicks have coordinates on web pages. Here its words (`action_description`, else its
thought) say what to click, the pointing model finds that on the screen, and every act goes through the rules
of `gui_agent.Safety`.

    python examples/molmoweb_planner.py "Save the form" --planner allenai/MolmoWeb-8B
    python examples/molmoweb_planner.py "Save the form" --tiny

With --tiny a random checkpoint that is made on the spot is asked once about a blank screen, and nothing is
done; what it says means nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from desktop_agent import Call, Turn, pursue

import gui_agent
import molmo_act
from gui_agent.tools.tools import Tools
from molmo_act.cli.model_arguments import add_asking_arguments, add_model_arguments, model_options
from molmo_act.errors import MolmoActError

STYLE = "molmo_web_think"
"""What stands before the prompts of the released program."""
PAST_STEPS = 3
NOTCH = 10.0
"""Per cent of a page that a notch of the wheel scrolls by, about."""
KEYS = {"controlormeta": "ctrl", "control": "ctrl", "arrowup": "up", "arrowdown": "down"}
KEYS |= {"arrowleft": "left", "arrowright": "right"}


def prompt(goal: str, steps: Sequence[Mapping[str, Any]], page: str) -> str:
    """What MolmoWeb is told: the goal, its last steps, and the page.

    Args:
        goal: In words.
        steps: Thought and action of each earlier step.
        page: Its title and address.

    Returns:
        The prompt, without its style.
    """
    first = max(0, len(steps) - PAST_STEPS)
    past = "".join(
        f"## Step {number}\nTHOUGHT: {step['thought']}\nACTION: {step['action']}\n"
        for number, step in enumerate(steps[first:], first + 1)
    )
    told = f"\n# GOAL\n{goal}\n\n# PREVIOUS STEPS\n{past}\n# CURRENTLY ACTIVE PAGE\nPage 0: {page}\n"
    return f"{told}\n# NEXT STEP\n\n"


def calls_of(step: Mapping[str, Any]) -> Sequence[Call] | str:
    """The tools that do what MolmoWeb wants.

    Args:
        step: Its thought, its action and, where it wrote one, the description of that.

    Returns:
        The calls in order, or its last words.
    """
    action, words = step["action"], step.get("action_description") or step["thought"]
    name = action.get("name")
    if name in ("click", "dblclick", "mouse_click"):
        count = 2 if name == "dblclick" or action.get("click_type") == "double" else 1
        return [Call("click", {"target": words, "button": action.get("button", "left"), "count": count})]
    if name in ("type", "keyboard_type"):
        return [Call("type", {"text": action.get("text", "")})]
    if name in ("keypress", "keyboard_press"):
        return [Call("press", {"chord": chord(str(action.get("key", "")))})]
    if name in ("scroll", "scroll_at"):
        wheel = {"down": notches(action.get("delta_y")), "right": notches(action.get("delta_x"))}
        return [Call("scroll", wheel | ({"target": words} if name == "scroll_at" else {}))]
    if name == "goto":
        typed = Call("type", {"text": str(action.get("url", ""))})
        return [Call("press", {"chord": "ctrl+l"}), typed, Call("press", {"chord": "enter"})]
    if name == "browser_nav" and action.get("nav_type") in ("go_back", "new_tab"):
        return [Call("press", {"chord": "alt+left" if action["nav_type"] == "go_back" else "ctrl+t"})]
    if name == "noop":
        return [Call("screenshot", {})]
    if name == "send_msg_to_user":
        return str(action.get("msg", ""))
    if name == "report_infeasible":
        return f"It cannot be done: {action.get('infeasibility_reason', '')}"
    return f"The planner wants what this hand cannot do: {action}"


def chord(key: str) -> str:
    """A key as the desktop calls it: "ControlOrMeta+a" is "ctrl+a"."""
    return "+".join(KEYS.get(part.lower(), part.lower()) for part in key.split("+"))


def notches(percent: object) -> int:
    """Notches of the wheel for a share of the page."""
    share = float(percent) if isinstance(percent, (int, float)) else 0.0
    return int(max(-100, min(100, round(share / NOTCH) or (share > 0) - (share < 0))))


class MolmoWebPlanner:
    """Plans with a MolmoWeb checkpoint; a `desktop_agent.Planner`.

    Args:
        model: The checkpoint, loaded.
        page: Title and address of what it works on.

    Attributes:
        steps: What it has wanted so far.
    """

    def __init__(self, model: molmo_act.PointingModel, page: str = "Desktop | about:blank") -> None:
        self.steps: list[dict[str, Any]] = []
        self._model, self._page = model, page

    def __call__(self, goal: str, turns: Sequence[Turn]) -> Sequence[Call] | str:
        """Asks for the next step, about the screen as the last call left it."""
        image = turns[-1].answer.image if turns else None
        if image is None:
            return [Call("screenshot", {})]
        answer = self._model.answer(np.asarray(image), prompt(goal, self.steps, self._page), style=STYLE)
        try:
            said = json.loads(answer.text)
            step = said if "action" in said else {"action": dict(said), "thought": ""}
            step = {"thought": "", **step}
            if not isinstance(step["action"], dict):
                raise ValueError("its action is no object")
        except (ValueError, TypeError) as error:
            return f"The planner did not answer with an action ({error}): {answer.text[:80]!r}"
        self.steps.append(step)
        return calls_of(step)


def main() -> int:
    """Runs the agent and returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("goal")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--planner", help="checkpoint of a MolmoWeb: a folder, or a name on the hub")
    who.add_argument("--tiny", action="store_true", help="ask a random checkpoint once, and do nothing")
    add_model_arguments(parser, "--checkpoint")
    add_asking_arguments(parser)
    arguments = parser.parse_args()
    if arguments.tiny:
        print(ask_tiny(arguments.goal))
        return 0
    try:
        planner = MolmoWebPlanner(molmo_act.load(arguments.planner))
        tools = Tools(gui_agent.Desktop(model_options(arguments)))
        words, _ = pursue(arguments.goal, tools, planner)
    except MolmoActError as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return 2
    print(words or "not done within the steps that are allowed")
    return 1 if words is None else 0


def ask_tiny(goal: str) -> str:
    """What a random Molmo 2 says to a blank screen."""
    from tiny_molmo_point import write_checkpoint

    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(Path(folder), text=True)
        model = molmo_act.load(folder, device="cpu")
    screen = np.full((90, 160, 3), 255, np.uint8)
    answer = model.answer(screen, prompt(goal, [], "Desktop | about:blank"), style=STYLE, max_new_tokens=20)
    return f"It says {answer.text!r}."


if __name__ == "__main__":
    sys.exit(main())
