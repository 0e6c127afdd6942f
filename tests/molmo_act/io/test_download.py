"""Images are downloaded where that is asked for, within bounds, from a real server on this machine."""

from __future__ import annotations

import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

import molmo_act
from molmo_act.errors import ImageError, InputError
from molmo_act.io.download import fetch_image
from molmo_act.io.image import to_rgb

RGB = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(RGB).save(buffer, "PNG")
    return buffer.getvalue()


class Handler(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012 - of the one server of these tests

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/gone.png":
            self.send_error(404)
            return
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        self.send_response(200)
        if self.path == "/short.png":
            self.send_header("Content-Length", str(len(png())))
        self.end_headers()
        try:
            self._send()
        except OSError:  # the reader has had enough
            self.close_connection = True

    def _send(self) -> None:
        if self.path == "/slow.png":
            for byte in png():
                self.wfile.write(bytes((byte,)))
                time.sleep(0.05)
        elif self.path == "/short.png":
            self.wfile.write(png()[:100])
        elif self.path == "/endless.png":
            while True:
                self.wfile.write(bytes(65536))
        else:
            self.wfile.write(png())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server():
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()
    thread.join()


def test_an_image_comes_as_it_is(server) -> None:
    assert np.array_equal(to_rgb(fetch_image(f"{server}/cat.png")), RGB)
    assert np.array_equal(to_rgb(molmo_act.fetch_image(f"{server}/to/{server}/cat.png")), RGB)


def test_nothing_is_downloaded_unasked(server) -> None:
    before = list(Handler.asked)
    with pytest.raises(ImageError, match="fetch_image"):
        to_rgb(f"{server}/cat.png")
    assert before == Handler.asked


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("/gone.png", {}, "cannot be downloaded"),
        ("/cat.png", {"max_bytes": 500}, "more than 500 bytes"),
        ("/endless.png", {"max_bytes": 1_000_000}, "more than 1000000 bytes"),
        ("/slow.png", {"timeout": 0.5}, r"within 0\.5 s"),  # a byte now and then
        ("/to/file:///etc/passwd", {}, "(?i)redirect"),
        ("/to/ftp://127.0.0.1/cat.png", {}, "redirected to 'ftp"),
    ],
)
def test_bounds(server, path: str, options: dict[str, float], words: str) -> None:
    began = time.monotonic()
    with pytest.raises(ImageError, match=words):
        fetch_image(server + path, **options)
    assert time.monotonic() - began < 30


def test_a_slow_image_is_no_empty_one_where_the_download_ends_before_the_wait_for_it(
    server, monkeypatch
) -> None:
    """As on a busy machine, where either thread may be the later one."""
    join = threading.Thread.join
    monkeypatch.setattr(threading.Thread, "join", lambda self, timeout=None: join(self))
    with pytest.raises(ImageError, match=r"within 0\.5 s"):
        fetch_image(f"{server}/slow.png", timeout=0.5)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "cat.png", "ftp://a/b.png", b"http://a/b", None, ""])
def test_what_is_no_address_of_the_web(url) -> None:
    with pytest.raises(InputError, match="expected https"):
        fetch_image(url)


def test_nobody_answers() -> None:
    with pytest.raises(ImageError, match="cannot be downloaded"):
        fetch_image("http://127.0.0.1:9/cat.png", timeout=3)
    with pytest.raises(InputError, match="above 0"):
        fetch_image("http://127.0.0.1:9/cat.png", timeout=0)


def test_a_download_that_breaks_off_is_no_image(server) -> None:
    with pytest.raises(ImageError, match=r"broke off: 100 bytes came, \d+ are missing"):
        fetch_image(f"{server}/short.png")


@pytest.mark.parametrize("path", ["/ü.png", "/two words.png", "/a%20b.png?c=d&e=f"])
def test_addresses_as_people_write_them(server, path) -> None:
    assert fetch_image(server + path) == png()


@pytest.mark.parametrize("timeout", ["1", None, float("inf"), 1e300, 0, True])
def test_a_time_that_is_none(timeout) -> None:
    with pytest.raises(InputError, match="timeout is"):
        fetch_image("http://127.0.0.1/x.png", timeout=timeout)


def test_what_is_no_address() -> None:
    with pytest.raises(InputError, match="expected https:// or http://"):
        fetch_image("http://[bad/")


def test_messages_hide_passwords(server) -> None:
    address = server.replace("://", "://me:secret@")
    with pytest.raises(ImageError, match="me:…@127") as caught:
        fetch_image(f"{address}/gone.png")
    assert "secret" not in str(caught.value)
