"""An agent: a chat model plans, this library sees and clicks; any planner will do.

    python examples/desktop_agent.py "Write 'hello' into the name field and save" \\
        --url http://localhost:8000/v1 --model some-model-with-tools

Speaks to any service that answers like OpenAI's chat completions; its key is read from PLANNER_KEY. Every act
goes through the rules of `gui_agent.Safety`. Exit code 0: the planner has said its last words, 1: it took too
many steps, 2: the machine lacks something, or the service does not answer as it should.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gui_agent
from gui_agent.schemas import openai_tools
from gui_agent.server import INSTRUCTIONS
from gui_agent.tools import Answer, Tools
from molmo_act.errors import MolmoActError, PlatformError

MOST_STEPS = 30


@dataclass(frozen=True)
class Call:
    """A tool that a planner wants to be used."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Turn:
    """A call and what came of it."""

    call: Call
    answer: Answer


# Is told the goal and everything so far; says what to do next, or how it ended.
Planner = Callable[[str, Sequence[Turn]], Call | str]


def pursue(
    goal: str, tools: Tools, planner: Planner, most_steps: int = MOST_STEPS
) -> tuple[str | None, list[Turn]]:
    """Lets a planner work a desktop until it says how it ended.

    Args:
        goal: In words.
        tools: Of the desktop.
        planner: See `Planner`.
        most_steps: Of calls.

    Returns:
        The planner's last words, None when it ran out of steps; and every turn.
    """
    turns: list[Turn] = []
    for _ in range(most_steps):
        wish = planner(goal, turns)
        if isinstance(wish, str):
            return wish, turns
        answer = tools.call(wish.name, wish.arguments)
        outcome = answer.facts.get("error") or answer.facts.get("effect", "done")
        print(f"{wish.name} {dict(wish.arguments)}: {outcome}")
        turns.append(Turn(wish, answer))
    return None, turns


class ChatPlanner:
    """A planner behind an address that answers like OpenAI's chat completions.

    Args:
        url: Up to ``/v1``.
        model: Its name there; one that takes tools and pictures.
        tools: What it may call.
        key: Sent as bearer token, if not empty.
    """

    def __init__(self, url: str, model: str, tools: Tools, key: str = "") -> None:
        self._url, self._model, self._key = url.rstrip("/") + "/chat/completions", model, key
        self._tools = openai_tools(tools)

    def __call__(self, goal: str, turns: Sequence[Turn]) -> Call | str:
        """Asks for the next step."""
        messages: list[dict[str, Any]] = [
            {
                "role": "system",
                "content": INSTRUCTIONS + " When the goal is reached, or cannot be, say so in words.",
            },
            {"role": "user", "content": goal},
        ]
        for number, turn in enumerate(turns):
            messages += _messages_of(number, turn, with_picture=number == len(turns) - 1)
        answer = self._ask({"model": self._model, "messages": messages, "tools": self._tools})
        try:
            return _wish_in(answer)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise PlatformError(
                f"The service at {self._url} does not answer like chat completions: {error!r}."
            ) from error

    def _ask(self, body: dict[str, Any]) -> bytes:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=120) as response:
            return response.read()


def _wish_in(answer: bytes) -> Call | str:
    message = json.loads(answer)["choices"][0]["message"]
    if not message.get("tool_calls"):
        return str(message["content"])
    function = message["tool_calls"][0]["function"]
    return Call(function["name"], json.loads(function["arguments"]))


def _messages_of(number: int, turn: Turn, with_picture: bool) -> list[dict[str, Any]]:
    name = f"call_{number}"
    function = {"name": turn.call.name, "arguments": json.dumps(dict(turn.call.arguments))}
    called = {"role": "assistant", "tool_calls": [{"id": name, "type": "function", "function": function}]}
    messages = [called, {"role": "tool", "tool_call_id": name, "content": json.dumps(turn.answer.facts)}]
    if with_picture and turn.answer.picture is not None:  # older ones only cost
        png = io.BytesIO()
        turn.answer.picture.save(png, "PNG")
        address = "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
        shown = [
            {"type": "text", "text": "The screen now:"},
            {"type": "image_url", "image_url": {"url": address}},
        ]
        messages.append({"role": "user", "content": shown})
    return messages


def main() -> int:
    """Runs the agent and returns the exit code."""
    parser = argparse.ArgumentParser(description="Let a chat model work this desktop.")
    parser.add_argument("goal")
    parser.add_argument("--url", required=True, help="address of the service, up to /v1")
    parser.add_argument("--model", required=True, help="name of the chat model there")
    parser.add_argument("--record", help="a folder for the record of the run")
    arguments = parser.parse_args()
    try:
        tools = Tools(gui_agent.Desktop(record=arguments.record))
        planner = ChatPlanner(arguments.url, arguments.model, tools, os.environ.get("PLANNER_KEY", ""))
        words, _ = pursue(arguments.goal, tools, planner)
    except (MolmoActError, urllib.error.URLError) as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return 2
    print(words or f"not done within {MOST_STEPS} steps")
    return 1 if words is None else 0


if __name__ == "__main__":
    sys.exit(main())
