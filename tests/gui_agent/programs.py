"""Programs that nobody here wrote, started on the display of the tests, and what they say of themselves.

GTK programs tell accessibility tools where their widgets are and what they hold; Chromium tells Playwright.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

from molmo_act.outputs.points import Points

READER = Path(__file__).with_name("accessible_widgets.py")
LAUNCHER = Path("/usr/libexec/at-spi-bus-launcher")
DEBIAN_PYTHON = "/usr/bin/python3"
START_SECONDS = 30.0
APT_PACKAGE_OF = {
    "galculator": "galculator",
    "mousepad": "mousepad",
    "pcmanfm": "pcmanfm libatk-adaptor",
    "gtk3-widget-factory": "gtk-3-examples",
    "chromium": "chromium",
    "dbus-daemon": "dbus-x11",
}

Box = tuple[float, float, float, float]  # left, top, width, height, in pixels of the screen


class TruthfulModel:
    """Answers queries with the boxes that a program itself gives; the hand is what is tested with it.

    Args:
        boxes_of: Gives the boxes of what a query names.
    """

    def __init__(self, boxes_of: Callable[[str], list[Box]]) -> None:
        self._boxes_of = boxes_of

    def point(self, image: Any, query: str) -> Points:
        width, height = image.size
        middles = [(left + w / 2, top + h / 2) for left, top, w, h in self._boxes_of(query)]
        shown = [(x, y) for x, y in middles if 0 <= x < width and 0 <= y < height]
        return Points(xy=shown, score=[1.0] * len(shown), image_size=[image.size], query=query)


class GtkPrograms:
    """A session in which GTK programs can be started and asked.

    Args:
        environment: Of the session's programs.
        reader: The process that reads what they say.
    """

    def __init__(self, environment: dict[str, str], reader: subprocess.Popen[str]) -> None:
        self.environment, self._reader = environment, reader

    def widgets(self) -> list[dict[str, Any]]:
        """Every widget that is shown; see `accessible_widgets.py`."""
        self._reader.stdin.write("\n")
        self._reader.stdin.flush()
        return json.loads(self._reader.stdout.readline())

    def select(self, **wanted: str) -> list[dict[str, Any]]:
        """Widgets with the given role, name, app or text."""
        return [one for one in self.widgets() if all(one[key] == value for key, value in wanted.items())]

    @contextmanager
    def running(self, program: str, *words: str) -> Iterator[None]:
        """A program from when its window is shown and holds still to the end of the block."""
        command = [program, *words]
        with subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL) as process:
            try:
                seen: list[Any] = []
                deadline = time.monotonic() + START_SECONDS
                while len(seen) < 3 or not seen[-1] or seen[-1] != seen[-3]:
                    assert time.monotonic() < deadline, f"{program} did not open"
                    time.sleep(0.1)
                    seen.append([one["box"] for one in self.select(app=program)])
                yield
            finally:
                process.kill()  # asked kindly, an editor would ask back


@contextmanager
def gtk_session(home: Path) -> Iterator[GtkPrograms]:
    """A session bus with accessibility, for the display of this process.

    Args:
        home: An empty folder for what programs keep.
    """
    runtime = home / ".runtime"  # hidden from programs that show files
    runtime.mkdir(mode=0o700)
    with ExitStack() as stack:

        def start(*command: str, **options: Any) -> subprocess.Popen[str]:
            process = stack.enter_context(subprocess.Popen(command, text=True, **options))
            stack.callback(process.terminate)
            return process

        quiet = {"stderr": subprocess.DEVNULL}
        bus = start(
            "dbus-daemon", "--session", "--nofork", "--print-address", stdout=subprocess.PIPE, **quiet
        )
        environment = {name: os.environ[name] for name in ("DISPLAY", "XAUTHORITY", "PATH")} | {
            "DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip(),
            "GTK_MODULES": "gail:atk-bridge",
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(runtime),
            "LANG": "C.UTF-8",
        }
        start(str(LAUNCHER), "--launch-immediately", env=environment, **quiet)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        yield GtkPrograms(environment, start(DEBIAN_PYTHON, str(READER), env=environment, **pipes))


# The frame of the window is as wide below as at the sides; above the page is the rest of the browser.
CONTENT_CORNER = """() => {
    const frame = (outerWidth - innerWidth) / 2
    return [screenX + frame, screenY + outerHeight - innerHeight - frame]
}"""


class Page:
    """A page in a window of Chromium, and the server it came from.

    Args:
        page: Of Playwright.
        received: The queries of the requests that the server has received, by path.
    """

    def __init__(self, page: Any, received: dict[str, dict[str, list[str]]]) -> None:
        self._page, self.received = page, received

    def boxes(self, selector: str) -> list[Box]:
        """Where the elements of a CSS selector are on the screen."""
        left, top = self._page.evaluate(CONTENT_CORNER)
        boxes = [element.bounding_box() for element in self._page.query_selector_all(selector)]
        return [(left + box["x"], top + box["y"], box["width"], box["height"]) for box in boxes if box]


def _wait_until_still(page: Any) -> None:
    """Waits until the window has stood for half a second where the page says; its manager places it late."""
    seen: list[Any] = []
    deadline = time.monotonic() + 20.0
    while len(seen) < 6 or seen[-6:].count(seen[-1]) < 6:
        if time.monotonic() > deadline:
            raise AssertionError(f"The window of Chromium does not stand still: {seen[-6:]}")
        seen.append([page.evaluate(CONTENT_CORNER), page.evaluate("[innerWidth, innerHeight]")])
        time.sleep(0.1)


@contextmanager
def chromium(html: str, environment: dict[str, str] | None = None) -> Iterator[Page]:
    """Shows a page that a local server serves, in a window of its own.

    Args:
        html: The page.
        environment: Of a session with accessibility, whose programs tell of themselves; None for this one.
    """
    from playwright.sync_api import sync_playwright

    received: dict[str, dict[str, list[str]]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlparse(self.path)
            received[address.path] = parse_qs(address.query)
            body = (html if address.path == "/" else "<h1>Thank you</h1>").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, sync_playwright() as playwright:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                headless=False,
                args=[
                    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
                    *(("--force-renderer-accessibility",) if environment is not None else ()),
                ],
                env=None if environment is None else environment | {"ACCESSIBILITY_ENABLED": "1"},
            )
            page = browser.new_page(no_viewport=True)
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.bring_to_front()
            _wait_until_still(page)
            yield Page(page, received)
            browser.close()
        finally:
            server.shutdown()
            thread.join()
