"""A desktop agent: any chat model plans, this library sees and clicks.

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
from itertools import groupby
from typing import Any

import gui_agent
from gui_agent.tools.mcp_server import INSTRUCTIONS
from gui_agent.tools.schemas import openai_tools
from gui_agent.tools.tools import ToolAnswer, Tools
from molmo_act.cli.model_arguments import add_asking_arguments, add_model_arguments, model_options
from molmo_act.errors import MolmoActError, PlatformError

MOST_STEPS = 30


@dataclass(frozen=True)
class Call:
    """A tool that a planner wants to be used."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Turn:
    """A call, what came of it, and at which asking the planner wanted it: one may ask for several at once."""

    call: Call
    answer: ToolAnswer
    asking: int = 0


# Is told the goal and everything so far; says what to do next, in order, or how it ended.
Planner = Callable[[str, Sequence[Turn]], Call | Sequence[Call] | str]


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
    for asking in range(most_steps):
        wanted = planner(goal, turns)
        if isinstance(wanted, str):
            return wanted, turns
        for call in [wanted] if isinstance(wanted, Call) else wanted:
            if len(turns) == most_steps:
                return None, turns
            answer = tools.call(call.name, call.arguments)
            outcome = answer.facts.get("error") or answer.facts.get("effect", "done")
            print(f"{call.name} {dict(call.arguments)}: {outcome}")
            turns.append(Turn(call, answer, asking))
    return None, turns


class ChatPlanner:
    """A planner behind an address that answers like OpenAI's chat completions.

    Args:
        url: Up to ``/v1``.
        model: Its name there; one that takes tools and images.
        tools: What it may call.
        key: Sent as bearer token, if not empty.
    """

    def __init__(self, url: str, model: str, tools: Tools, key: str = "") -> None:
        self._url, self._model, self._key = url.rstrip("/") + "/chat/completions", model, key
        self._tools = openai_tools(tools)

    def __call__(self, goal: str, turns: Sequence[Turn]) -> Sequence[Call] | str:
        """Asks for the next steps."""
        messages: list[dict[str, Any]] = [
            {
                "role": "system",
                "content": INSTRUCTIONS + " When the goal is reached, or cannot be, say so in words.",
            },
            {"role": "user", "content": goal},
        ]
        for _, together in groupby(turns, lambda turn: turn.asking):
            messages += _messages_of(list(together))
        messages += _image_of(turns[-1]) if turns else []  # older ones only cost
        answer = self._ask({"model": self._model, "messages": messages, "tools": self._tools})
        try:
            return _calls_in(answer)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise PlatformError(
                f"The service at {self._url} does not answer like chat completions: {error!r}."
            ) from error

    def _ask(self, body: dict[str, Any]) -> bytes:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)
        with urllib.request.build_opener(NoRedirects).open(request, timeout=120) as response:
            return response.read()


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, which would take the key to another host."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        """Refuses; see the class that this extends."""
        raise PlatformError(f"The service at {req.full_url} redirects to {newurl}; give that as --url.")


def _calls_in(answer: bytes) -> Sequence[Call] | str:
    message = json.loads(answer)["choices"][0]["message"]
    if not message.get("tool_calls"):
        return str(message["content"])
    functions = [call["function"] for call in message["tool_calls"]]
    # Some services write null, or nothing, where a tool takes no arguments.
    return [Call(one["name"], json.loads(one.get("arguments") or "{}") or {}) for one in functions]


def _messages_of(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """What the planner wanted at one asking, and the answer to each; a service insists on all of them."""
    calls = [
        {
            "id": f"call_{turn.asking}_{number}",
            "type": "function",
            "function": {"name": turn.call.name, "arguments": json.dumps(dict(turn.call.arguments))},
        }
        for number, turn in enumerate(turns)
    ]
    answers = [
        {"role": "tool", "tool_call_id": call["id"], "content": json.dumps(turn.answer.facts)}
        for call, turn in zip(calls, turns, strict=True)
    ]
    return [{"role": "assistant", "tool_calls": calls}, *answers]


def _image_of(turn: Turn) -> list[dict[str, Any]]:
    if turn.answer.image is None:
        return []
    png = io.BytesIO()
    turn.answer.image.save(png, "PNG")
    address = "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
    shown = [
        {"type": "text", "text": "The screen now:"},
        {"type": "image_url", "image_url": {"url": address}},
    ]
    return [{"role": "user", "content": shown}]


def main() -> int:
    """Runs the agent and returns the exit code."""
    parser = argparse.ArgumentParser(description="Let a chat model work this desktop.", allow_abbrev=False)
    parser.add_argument("goal")
    parser.add_argument("--url", required=True, help="address of the service, up to /v1")
    parser.add_argument("--model", required=True, help="name of the chat model there")
    parser.add_argument("--record", help="a folder for the record of the run")
    add_model_arguments(parser, "--checkpoint")
    add_asking_arguments(parser)
    arguments = parser.parse_args()
    try:
        tools = Tools(gui_agent.Desktop(model_options(arguments), record=arguments.record))
        planner = ChatPlanner(arguments.url, arguments.model, tools, os.environ.get("PLANNER_KEY", ""))
        words, _ = pursue(arguments.goal, tools, planner)
    except (MolmoActError, urllib.error.URLError) as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return 2
    print(words or f"not done within {MOST_STEPS} steps")
    return 1 if words is None else 0


if __name__ == "__main__":
    sys.exit(main())
