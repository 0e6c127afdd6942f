"""The client of a language model, against a small server that speaks the protocol and answers as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from model.data.errors import SkippedRow
from model.data.web.llm_author import KEY_VARIABLE, PageAuthor
from model.data.web.real_pages import load_page
from model.data.web.render import PageSpec, render
from molmo_act.errors import InputError, PlatformError
from tests.model.data.drawn_pages import page_assets, skip_without_browser

DOCUMENT = """<!DOCTYPE html><html><head><title>x</title></head><body>
<h1>Garden</h1><button data-intent="water the plants">Pour</button><a href="#">Tools</a>
<button data-concept="trash"></button></body></html>"""


class Server(ThreadingHTTPServer):
    """Gives one answer after the other and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[tuple[str, str | None, dict]] = []


class Answering(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        status, answer = self.server.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def reply(text: object, ended: str = "stop") -> tuple[int, bytes]:
    return 200, json.dumps({"choices": [{"message": {"content": text}, "finish_reason": ended}]}).encode()


def writer(server: Server, key: str = "") -> PageAuthor:
    return PageAuthor(f"http://127.0.0.1:{server.server_port}/v1", "small", timeout=20, key=key)


def write(server: Server, key: str = "") -> str:
    return writer(server, key).write("A shed.", 320, 240, seed=5, icons={"trash": "<svg>t</svg>"})


@pytest.mark.parametrize("text", [DOCUMENT, f"Here it is:\n```html\n{DOCUMENT}\n```\nEnjoy."])
def test_documents_are_taken_out_of_answers_and_icons_drawn(server: Server, text: str) -> None:
    server.answers = [reply(text)]
    page = write(server, key="secret")
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>")
    assert '<button data-concept="trash"><svg>t</svg></button>' in page
    path, key, body = server.asked[0]
    assert (path, key, body["model"], body["seed"]) == ("/v1/chat/completions", "Bearer secret", "small", 5)
    assert "A shed." in body["messages"][1]["content"]
    assert "320 by 240" in body["messages"][1]["content"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply("I cannot do that."), "no document"),
        (reply(None), "no document"),
        (reply(DOCUMENT, "length"), "cut off"),
        (reply(DOCUMENT.replace("<h1>", "<script>go()</script><h1>")), "scripts"),
        (reply(DOCUMENT.replace("Pour", "&lt;|im_end|&gt;")), "control tokens"),
        ((200, b"{}"), "chat protocol"),
        ((200, b"[1"), "damaged"),
        ((500, b"busy"), "answered 500"),
    ],
)
def test_bad_answers_are_skipped_with_a_reason(server: Server, answer: tuple, reason: str) -> None:
    server.answers = [answer]
    with pytest.raises(SkippedRow, match=reason):
        write(server)


def test_a_refused_key_stops_the_run(server: Server) -> None:
    server.answers = [(401, b"")]
    with pytest.raises(PlatformError, match=KEY_VARIABLE):
        write(server)


def test_an_address_where_nothing_answers_is_one_clear_error(server: Server) -> None:
    silent = writer(server)
    server.shutdown()
    server.server_close()
    with pytest.raises(PlatformError, match="Nothing answers"):
        silent.write("A shed.", 320, 240, seed=5, icons={})


def test_the_key_comes_from_the_environment_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    made = PageAuthor("https://example.org/v1", "m")
    assert made.key == "secret"
    assert "secret" not in repr(made)
    with pytest.raises(InputError, match="http://localhost"):
        PageAuthor("localhost:8000", "m")


@pytest.mark.slow
def test_written_pages_are_rendered_and_bad_answers_counted(server: Server, tmp_path: Path) -> None:
    skip_without_browser()
    server.answers = [reply("no"), reply(DOCUMENT)]
    spec = PageSpec(writer=writer(server))
    outcomes = list(render(spec, range(2), tmp_path, page_assets()))
    assert outcomes == ["left out: the writer's answer holds no document", "rendered"]
    _, shown = load_page(tmp_path / f"{spec.name(1)}.json")
    assert {(e.role, e.label, e.intents) for e in shown.elements} == {
        ("heading", "Garden", ()),
        ("button", "Pour", ("water the plants",)),
        ("link", "Tools", ()),
        ("icon", "trash", ()),
    }
