"""The example of an agent: planners with a script, and one behind a real HTTP service, work a real window."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gui_agent import Desktop
from molmo_act.errors import PlatformError
from tests.support.blob_model import BlobFinder

pytest.importorskip("mcp", reason="needs the extra agents")
pytestmark = pytest.mark.display

EXAMPLE = Path(__file__).parents[2] / "examples" / "desktop_agent.py"
RED, WHITE = "#e01020", "#ffffff"


@pytest.fixture
def example(monkeypatch):
    spec = importlib.util.spec_from_file_location("desktop_agent", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "desktop_agent", module)  # where its dataclasses look for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tools(display, example):
    return example.Tools(Desktop(BlobFinder(), timeout=2.0, verify_seconds=0.1))


SCRIPT = [
    ("click", {"target": "#fefe01"}),  # is not there; a planner reads that and goes on
    ("type", {"target": WHITE, "text": "Ünal"}),
    ("click", {"target": RED}),
]


def received(form) -> list[dict]:
    return form.received()


def test_a_scripted_planner_reaches_its_goal(open_window, example, tools) -> None:
    form = open_window("--button", f"Save={RED}", "--field", "Name")

    def planner(goal: str, turns):
        assert goal == "save"
        return example.Call(*SCRIPT[len(turns)]) if len(turns) < len(SCRIPT) else "saved"

    words, turns = example.pursue("save", tools, planner)
    assert words == "saved"
    assert [turn.answer.facts.get("error") for turn in turns] == ["NotFound", None, None]
    assert received(form) == [
        {"event": "text", "name": "Name", "text": "Ünal"},
        {"event": "press", "name": "Save"},
    ]
    words, turns = example.pursue("save", tools, lambda goal, turns: example.Call("screenshot", {}), 3)
    assert (words, len(turns)) == (None, 3)


@contextmanager
def chat_service(answers: list[dict]) -> Iterator[tuple[str, list[dict]]]:
    """A service that gives the answers in turn; its address, and what it was asked."""
    asked: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body | {"path": self.path, "key": self.headers["Authorization"]})
            content = json.dumps({"choices": [{"message": answers[len(asked) - 1]}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def tool_call(name: str, arguments: dict) -> dict:
    return {"tool_calls": [{"function": {"name": name, "arguments": json.dumps(arguments)}}]}


def test_a_chat_model_as_planner(open_window, example, tools) -> None:
    form = open_window("--button", f"Save={RED}", "--field", "Name")
    answers = [tool_call(*call) for call in SCRIPT] + [{"content": "It is saved."}]
    with chat_service(answers) as (url, asked):
        planner = example.ChatPlanner(url, "some-model", tools, key="k")
        words, _ = example.pursue("Save it.", tools, planner)
    assert words == "It is saved."
    assert {"event": "press", "name": "Save"} in received(form)
    assert {(one["path"], one["key"], one["model"]) for one in asked} == {
        ("/v1/chat/completions", "Bearer k", "some-model")
    }
    assert len(asked[0]["tools"]) == 8
    roles = [message["role"] for message in asked[-1]["messages"]]
    assert roles == ["system", "user", *["assistant", "tool"] * 3, "user"]
    assert '"error": "NotFound"' in asked[1]["messages"][3]["content"]
    assert asked[1]["messages"][-1]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")


def test_calls_that_a_planner_wants_at_once_are_all_done_and_answered(open_window, example, tools) -> None:
    form = open_window("--button", f"Save={RED}", "--field", "Name")
    together = {"tool_calls": [tool_call(*call)["tool_calls"][0] for call in SCRIPT]}
    without = {"tool_calls": [{"function": {"name": "screenshot", "arguments": None}}]}
    with chat_service([together, without, {"content": "done"}]) as (url, asked):
        words, turns = example.pursue("Save it.", tools, example.ChatPlanner(url, "m", tools))
    assert words == "done"
    assert [turn.answer.facts.get("error") for turn in turns] == ["NotFound", None, None, None]
    assert {"event": "press", "name": "Save"} in received(form)
    messages = asked[1]["messages"]
    called = [call["id"] for call in messages[2]["tool_calls"]]
    assert called == [message["tool_call_id"] for message in messages[3:6]]
    assert len(set(called)) == 3


def test_the_key_is_not_taken_to_another_host(display, example, tools) -> None:
    with chat_service([{"content": "stolen"}]) as (elsewhere, asked):

        class Redirecting(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(302)
                self.send_header("Location", f"{elsewhere}/chat/completions")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Redirecting) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            planner = example.ChatPlanner(f"http://127.0.0.1:{server.server_port}/v1", "m", tools, key="k")
            with pytest.raises(PlatformError, match="redirects to"):
                planner("goal", [])
            thread.join()
    assert asked == []


def test_a_service_that_is_none_is_one_line(display, example, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["agent", "goal", "--url", "http://127.0.0.1:9/v1", "--model", "m"])
    assert example.main() == 2
    assert capsys.readouterr().err.startswith("cannot run: ")
    with chat_service([["no message"]]) as (url, _):
        monkeypatch.setattr(sys, "argv", ["agent", "goal", "--url", url, "--model", "m"])
        assert example.main() == 2
    assert "does not answer like chat completions" in capsys.readouterr().err
