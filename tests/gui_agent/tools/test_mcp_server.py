"""Tools over the Model Context Protocol, asked by the SDK's own client, in this process and in others."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from gui_agent.cli.main import main
from molmo_act._install import install_command
from tests.gui_agent.tools.refused_calls import REFUSED

pytest.importorskip("mcp", reason="needs the extra agents")

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from gui_agent import Desktop, Safety
from gui_agent.tools.mcp_server import make_server
from gui_agent.tools.tools import Tools
from tests.support.blob_model import BlobFinder
from tests.support.ports import reserved_port

pytestmark = pytest.mark.display

RED, GREEN, BLUE, WHITE = "#e01020", "#10a040", "#1040e0", "#ffffff"
SERVE = str(Path(__file__).with_name("serve_blobs.py"))


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


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
            assert seen.structured_content["space"]["image_shows"] == [0, 0, 1280, 800]
            with Image.open(io.BytesIO(base64.b64decode(seen.content[1].data))) as image:
                assert image.size == (1280, 800)
            assert json.loads(seen.content[0].text) == seen.structured_content
            found = (await ask("find", target=RED)).structured_content
            [place] = found["matches"]
            assert place.pop("index") == 0
            assert found["unlikely"] == []
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
            await ask("wait_for", target="#fefe01", state="hidden", timeout=1)

    run(work())
    assert form.next_event() == {"event": "press", "name": "Save"}
    assert form.final_text("Ünal!") == "Ünal!"
    assert form.final_text("Ünal") == "Ünal"
    presses = [event for event in pads.received() if event["event"] == "press"]
    wheel_up = 4
    assert [(press["name"], press["button"]) for press in presses] == [("From", 1), ("To", wheel_up)]


@pytest.mark.parametrize("moment", ["while the model looks", "while it waits for its turn", "while it waits"])
def test_a_call_that_is_cancelled_does_nothing_and_holds_nobody_up(open_pads, display, moment) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    looking = threading.Event()

    def look(number: int) -> None:
        looking.set()
        time.sleep(0.5)

    tools = Tools(Desktop(BlobFinder(look), timeout=20, verify_seconds=0.1))

    async def work() -> float:
        async with Client(make_server(tools)) as client:
            async with asyncio.TaskGroup() as calls:
                name, arguments = "click", {"target": RED}
                if moment == "while it waits":
                    name, arguments = "wait_for", {"target": "#fefe01", "timeout": 30}
                tasks = [calls.create_task(client.call_tool(name, arguments))]
                if moment == "while it waits for its turn":
                    tasks.append(calls.create_task(client.call_tool("click", {"target": RED})))
                await asyncio.to_thread(looking.wait, 10)
                await asyncio.sleep(0.1 if moment != "while it waits" else 1.2)
                for task in tasks:
                    task.cancel()
            began = time.monotonic()
            assert not (await client.call_tool("screenshot", {})).is_error
            return time.monotonic() - began

    assert run(work()) < 3
    time.sleep(0.8)
    assert "press" not in [event["event"] for event in pads.received()]


BAD_CALLS = [
    ("click", {"target": RED, "force": True}, "force: Unexpected keyword argument"),
    ("click", {"target": RED, "count": 9}, "count: Input should be less than or equal to 3"),
    ("click", {}, "target: Missing required argument"),
    ("dance", {}, "There is no tool 'dance'; use one of screenshot, find"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), BAD_CALLS)
def test_a_call_that_does_not_fit_is_an_answer_too(tools, name, arguments, message) -> None:
    async def ask():
        async with Client(make_server(tools)) as client:
            return await client.call_tool(name, arguments)

    result = run(ask())
    assert result.is_error
    assert result.structured_content["error"] == "InputError"
    assert message in result.structured_content["message"]
    assert result.content[1].type == "image"


def test_titles_of_denied_windows_are_not_told(open_pads, display) -> None:
    open_pads(f"toggle:Go={RED}", "--title", "Open book")
    open_pads(f"toggle:Go={RED}", "--title", "Secret diary", "--geometry", "+800+400")
    tools = Tools(Desktop(BlobFinder(), safety=Safety(deny_windows=["*diary*"]), timeout=0.2))
    for call in (("find", {"target": RED, "window": "zz"}), ("click", {"target": RED, "window": "zz"})):
        message = tools.call(*call).facts["message"]
        assert "Open book" in message
        assert "diary" not in message
    refusal = tools.call("click", {"target": "delete it"}).facts["message"]
    assert "Safety" not in refusal
    assert "confirm" not in refusal


def environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("DISPLAY", "XAUTHORITY", "PATH")} | {
        "PYTHONPATH": str(Path(__file__).parents[3])
    }


@pytest.mark.slow
def test_over_stdio_in_a_process_of_its_own(open_pads, display) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    server = StdioServerParameters(command=sys.executable, args=[SERVE, "mcp"], env=environment())

    async def work():
        async with Client(server) as client:
            return await client.call_tool("click", {"target": RED})

    result = run(work())
    assert result.structured_content["effect"] == "changed"
    assert next(event for event in iter(pads.next_event, None) if event["event"] == "press")["name"] == "Go"


@pytest.fixture
def port() -> Iterator[int]:
    with reserved_port() as port:
        yield port


@pytest.mark.slow
def test_over_http_with_a_token(open_pads, display, port) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    command = [sys.executable, SERVE, "mcp", "--http", str(port)]
    token = {"GUI_AGENT_TOKEN": "open sesame"}
    url = f"http://127.0.0.1:{port}/mcp"

    async def work():
        async with httpx2.AsyncClient(timeout=30) as stranger:
            refusal = await when_up(stranger, url)
            assert refusal.status_code == 401
            assert refusal.headers["WWW-Authenticate"].startswith("Bearer")
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
            server.communicate(timeout=120)
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
    code = (
        "import sys; sys.modules['mcp'] = None; from gui_agent.cli.main import main; sys.exit(main(['mcp']))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert answer.returncode == 2
    assert install_command("agents") in answer.stderr
    assert answer.stdout == ""


@pytest.mark.parametrize(
    "use",
    [
        "from gui_agent.tools.mcp_server import make_server; make_server(None)",
        "from gui_agent.tools.schemas import openai_tools; openai_tools(type('Tools', (), {}))",
    ],
)
def test_without_the_extra_python_names_it_where_it_is_used(use) -> None:
    code = f"import sys; sys.modules['mcp'] = None; {use}"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    last = answer.stderr.splitlines()[-1]
    assert last.startswith("molmo_act.errors.MissingExtraError")
    assert install_command("agents") in last


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
    times_differ = {"call_log": None}
    assert answer.facts | times_differ == result.structured_content | times_differ
    assert all(event["event"] == "enter" for event in pads.received())


def test_the_handshake_does_not_wait_for_the_model(display) -> None:
    loading = threading.Event()
    tools = Tools(Desktop(BlobFinder()))

    async def work() -> None:
        async with Client(make_server(tools, loading.set)) as client:
            assert not loading.is_set()
            assert await client.list_tools()
            assert loading.is_set()

    run(work())
