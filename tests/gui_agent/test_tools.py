"""The tools of a desktop: called by name, by the MCP SDK's own client, and described for function calling."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from gui_agent import Desktop, Safety
from gui_agent.cli import main

from .conftest import BlobFinder

pytest.importorskip("mcp", reason="needs the extra agents")

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from gui_agent.schemas import anthropic_tools, openai_tools
from gui_agent.server import make_server
from gui_agent.tools import NAMES, Tools

pytestmark = pytest.mark.display

RED, GREEN, BLUE, WHITE = "#e01020", "#10a040", "#1040e0", "#ffffff"
SERVE = str(Path(__file__).with_name("serve_blobs.py"))


@pytest.fixture
def tools(display: str) -> Tools:
    safety = Safety(deny_words=["forbidden"])
    return Tools(Desktop(BlobFinder(), safety=safety, timeout=0.3, verify_seconds=0.1))


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


def test_every_tool_is_described_once_and_the_same_everywhere(tools) -> None:
    async def listed():
        async with Client(make_server(tools)) as client:
            return (await client.list_tools()).tools

    over_mcp = run(listed())
    assert [tool.name for tool in over_mcp] == list(NAMES)
    for tool, openai, anthropic in zip(over_mcp, openai_tools(tools), anthropic_tools(tools), strict=True):
        assert tool.input_schema == openai["function"]["parameters"] == anthropic["input_schema"]
        assert tool.description == openai["function"]["description"] == anthropic["description"]
        assert openai["type"] == "function"
        assert "self" not in tool.input_schema["properties"]
        json.dumps([openai, anthropic])
    click = dict(zip(NAMES, over_mcp, strict=True))["click"].input_schema
    assert click["required"] == ["target"]
    assert click["properties"]["target"]["description"].startswith("What it is, in words")
    assert click["properties"]["button"]["enum"] == ["left", "middle", "right"]


def test_all_tools_over_mcp_work_a_real_window(open_window, open_pads, tools) -> None:
    form = open_window("--button", f"Save={RED}", "--field", "Name", "--geometry", "300x200+60+60")
    pads = open_pads(
        f"dead:From={GREEN}", f"dead:To={BLUE}", "--title", "Pads", "--geometry", "300x200+600+400"
    )

    async def work() -> None:
        async with Client(make_server(tools)) as client:

            async def ask(name: str, **arguments):
                result = await client.call_tool(name, arguments)
                assert not result.is_error, result.content
                return result

            seen = await ask("screenshot")
            assert seen.structured_content["space"]["picture_shows"] == [0, 0, 1280, 800]
            with Image.open(io.BytesIO(base64.b64decode(seen.content[1].data))) as picture:
                assert picture.size == (1280, 800)
            assert json.loads(seen.content[0].text) == seen.structured_content
            found = (await ask("find", target=RED)).structured_content
            [place] = found["matches"]
            assert place["score"] == pytest.approx(0.9)
            clicked = (await ask("click", target=RED)).structured_content
            assert clicked["places"] == [place]
            assert clicked["effect"] in ("changed", "unchanged")
            await ask("type", text="Ünal", target=WHITE, window="Form")
            await ask("type", text="!")
            await ask("press", chord="backspace")
            await ask("drag", target=GREEN, to=BLUE, window="Pads")
            await ask("scroll", down=-1, target=BLUE, window="Pads", index=0)
            waited = (await ask("wait_for", target=RED)).structured_content
            assert (waited["effect"], waited["places"]) == ("unchanged", [place])
            await ask("wait_for", target="#fefe01", state="gone", timeout=1)

    run(work())
    assert form.next_event() == {"event": "press", "name": "Save"}
    assert form.final_text("Ünal!") == "Ünal!"
    assert form.final_text("Ünal") == "Ünal"
    presses = [event for event in iter(lambda: pads.next_event(0.5), None) if event["event"] == "press"]
    wheel_up = 4
    assert [(press["name"], press["button"]) for press in presses] == [("From", 1), ("To", wheel_up)]


REFUSED = [
    ("click", {"target": "#fefe01"}, "NotFound", "Nothing on the screen matches"),
    ("click", {"target": RED}, "Ambiguous", "matches 2 things"),
    ("click", {"target": f"forbidden {RED}"}, "Refused", "one of deny_words"),
    ("click", {"target": RED, "window": "Nowhere"}, "NotFound", "No window is titled 'Nowhere'"),
    ("press", {"chord": "ctrl+hyper"}, "InputError", "no key 'hyper'"),
    ("wait_for", {"target": "#fefe01", "timeout": 0}, "Timeout", "did not appear within 0 s"),
]


@pytest.mark.parametrize(("name", "arguments", "error", "message"), REFUSED)
def test_what_is_not_done_is_an_answer(open_pads, tools, name, arguments, error, message) -> None:
    pads = open_pads(f"toggle:One={RED}", f"toggle:Two={RED}")

    async def ask():
        async with Client(make_server(tools)) as client:
            return await client.call_tool(name, arguments)

    result = run(ask())
    assert result.is_error
    assert result.structured_content["error"] == error
    assert message in result.structured_content["message"]
    assert result.content[1].type == "image"
    assert ("matches" in result.structured_content) == (error == "Ambiguous")
    answer = tools.call(name, arguments)
    assert answer.is_error
    assert answer.facts == result.structured_content
    assert all(event["event"] == "enter" for event in iter(lambda: pads.next_event(0.2), None))


BAD_CALLS = [
    ("dance", {}, "There is no tool 'dance'"),
    ("click", {}, "target: Missing required argument"),
    ("click", {"target": RED, "count": 9}, "count: Input should be less than or equal to 3"),
    ("click", {"target": RED, "force": True}, "force: Unexpected keyword argument"),
    ("type", {"text": ""}, "text: String should have at least 1 character"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), BAD_CALLS)
def test_calls_that_do_not_fit(tools, name, arguments, message) -> None:
    answer = tools.call(name, arguments)
    assert answer.is_error
    assert message in answer.facts["message"]
    assert tools.desk.model.looks == 0


def test_a_fault_of_the_program_is_not_taken_for_a_bad_call(display) -> None:
    class Faulty:
        def point(self, image, query):
            raise TypeError("a fault of the model")

    with pytest.raises(TypeError, match="a fault of the model"):
        Tools(Desktop(Faulty())).call("find", {"target": RED})


def environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("DISPLAY", "XAUTHORITY", "PATH")} | {
        "PYTHONPATH": str(Path(__file__).parents[2])
    }


def test_over_stdio_in_a_process_of_its_own(open_pads, display) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    server = StdioServerParameters(command=sys.executable, args=[SERVE, "mcp"], env=environment())

    async def work():
        async with Client(server) as client:
            return await client.call_tool("click", {"target": RED})

    result = run(work())
    assert result.structured_content["effect"] == "changed"
    assert next(event for event in iter(pads.next_event, None) if event["event"] == "press")["name"] == "Go"


def test_over_http_with_a_token(open_pads, display) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, SERVE, "mcp", "--http", str(port)]
    token = {"GUI_AGENT_TOKEN": "open sesame"}
    url = f"http://127.0.0.1:{port}/mcp"

    async def work():
        async with httpx2.AsyncClient() as stranger:
            assert (await when_up(stranger, url)).status_code == 401
            wrong = await stranger.post(url, headers={"Authorization": "Bearer open sesam"})
            assert wrong.status_code == 401
        key = {"Authorization": "Bearer open sesame"}
        async with (
            httpx2.AsyncClient(headers=key, timeout=30) as friend,
            Client(streamable_http_client(url, http_client=friend)) as client,
        ):
            return await client.call_tool("click", {"target": RED})

    with subprocess.Popen(command, env=environment() | token, stderr=subprocess.PIPE) as server:
        try:
            result = run(work())
        finally:
            server.terminate()
            server.communicate(timeout=20)
    assert result.structured_content["effect"] == "changed"
    assert next(event for event in iter(pads.next_event, None) if event["event"] == "press")["name"] == "Go"


def test_a_port_that_cannot_be_served_is_one_line(display, capsys) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["mcp", "--http", str(port)]) == 2
    assert f"error: Port {port} of 127.0.0.1 cannot be served" in capsys.readouterr().err
    assert main(["mcp", "--http", "99999"]) == 2
    assert "error: Port 99999 was given; expected 1 to 65535" in capsys.readouterr().err


async def when_up(client: httpx2.AsyncClient, url: str) -> httpx2.Response:
    """The first answer of a server that is starting."""
    while True:
        try:
            return await client.post(url)
        except httpx2.ConnectError:
            await asyncio.sleep(0.1)


def test_without_the_extra_the_command_names_it(display) -> None:
    code = "import sys; sys.modules['mcp'] = None; from gui_agent.cli import main; sys.exit(main(['mcp']))"
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert answer.returncode == 2
    assert 'pip install "molmo-act[agents]"' in answer.stderr
    assert answer.stdout == ""
