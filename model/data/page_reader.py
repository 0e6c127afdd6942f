"""Renders web pages in a headless Chromium and reads what they show; knows neither templates nor queries."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from types import TracebackType

from model.data.screen_elements import Box, Element, Shown
from molmo_act.errors import MissingExtraError, PlatformError

_SCRIPT = Path(__file__).with_name("page_elements.js")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")
_STILL = "*, *::before, *::after { animation: none !important; transition: none !important }"
_LOAD_MS = 8000
_SETTLE_MS = 300  # scripts lay out menus after the page has loaded


class PageReader:
    """One browser page, used again for every document; a context manager.

    Requests that would leave this machine are refused, so a page looks the same with and without a network.

    Args:
        width: Pixels of the pictures.
        height: Pixels of the pictures.
        scale: Picture pixels per CSS pixel.

    Raises:
        MissingExtraError: Playwright is not installed.
        PlatformError: No Chromium was found, or it did not start.
    """

    def __init__(self, width: int = 1280, height: int = 800, scale: float = 1.0) -> None:
        try:
            from playwright import sync_api
        except ImportError:
            raise MissingExtraError("playwright", "train", "Rendering web pages") from None
        self._playwright = sync_api.sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(
                executable_path=find_browser(), args=list(_FLAGS)
            )
        except (sync_api.Error, PlatformError) as error:
            self._playwright.stop()
            if isinstance(error, PlatformError):
                raise
            raise PlatformError(f"Chromium did not start: {error.message.splitlines()[0]}") from error
        self._error = sync_api.Error
        self.resize(width, height, scale)

    def __enter__(self) -> PageReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def resize(self, width: int, height: int, scale: float = 1.0) -> None:
        """Make pictures of another size from now on; the arguments are those of the class."""
        for context in self._browser.contexts:
            context.close()
        self._scale = scale
        self._page = self._browser.new_context(
            viewport={"width": round(width / scale), "height": round(height / scale)},
            device_scale_factor=scale,
        ).new_page()
        self._page.route(lambda url: not url.startswith(("file:", "data:")), lambda route: route.abort())
        self._page.on("dialog", lambda dialog: dialog.dismiss())

    def close(self) -> None:
        """End the browser."""
        self._browser.close()
        self._playwright.stop()

    def read_file(self, path: Path) -> tuple[bytes, Shown]:
        """Render an HTML file; returns the screenshot as PNG and what it shows, in picture pixels."""
        return self._read(lambda: self._page.goto(path.resolve().as_uri(), timeout=_LOAD_MS), str(path))

    def read_html(self, html: str) -> tuple[bytes, Shown]:
        """Render a document given as text."""
        return self._read(lambda: self._page.set_content(html, timeout=_LOAD_MS), "a document given as text")

    def _read(self, load: object, name: str) -> tuple[bytes, Shown]:
        try:
            load()  # type: ignore[operator]
            self._page.add_style_tag(content=_STILL)
            self._page.wait_for_timeout(_SETTLE_MS)
            script = _SCRIPT.read_text(encoding="utf-8").split("\n", 1)[1]
            before = self._page.evaluate(script)
            picture = self._page.screenshot()
            found = _unmoved(before, self._page.evaluate(script))
        except self._error as error:
            reason = error.message.splitlines()[0]
            raise PlatformError(f"Chromium could not render {name}: {reason}") from error
        return picture, _as_shown(found, self._scale)


def find_browser() -> str:
    """Path of an installed Chromium or Chrome.

    Raises:
        PlatformError: There is none on the PATH.
    """
    for name in _BROWSERS:
        path = shutil.which(name)
        if path:
            return path
    raise PlatformError(
        f"No Chromium found; looked for {', '.join(_BROWSERS)} on the PATH. "
        "Install your system's chromium package."
    )


def _unmoved(before: dict, after: dict) -> dict:
    """What was in the same place before and after the screenshot; the rest becomes doubtful."""
    stayed = {
        kind: [entry for entry in before[kind] if entry in after[kind]] for kind in ("elements", "texts")
    }
    moved = [
        entry[-2] for kind in stayed for entry in before[kind] + after[kind] if entry not in stayed[kind]
    ]
    return {**stayed, "doubtful": before["doubtful"] + after["doubtful"] + moved}


def _as_shown(found: dict, scale: float) -> Shown:
    """Turn what the script returned into values; a label shown twice becomes one nobody asks about."""

    def scaled(box: list[float]) -> Box:
        x0, y0, x1, y1 = (edge * scale for edge in box)
        return x0, y0, x1, y1

    elements = [_element(role, label, scaled(box)) for role, label, box in found["elements"]]
    texts = tuple((text, scaled(box)) for text, box in found["texts"])
    count = Counter(element.label.casefold() for element in elements)
    outside = {
        text.casefold()
        for text, box in texts
        if not any(_middle_in(box, e.box) for e in elements if e.label.casefold() == text.casefold())
        and not any(e.label.casefold() == text.casefold() and e.role in _LABELLED_BESIDE for e in elements)
    }
    doubtful = {text.casefold() for text in found["doubtful"]}
    unclear = {label for label in count if count[label] > 1 or label in outside or label in doubtful}
    clear = tuple(element for element in elements if element.label.casefold() not in unclear)
    return Shown(clear, texts, frozenset(unclear | doubtful))


_LABELLED_BESIDE = ("field", "dropdown", "slider", "checkbox", "radio")


def _element(role: str, label: str, box: Box) -> Element:
    label = label.rstrip(":*… ").removesuffix("...")
    if role == "field" and label.casefold().startswith("search"):
        return Element("search", "Search", box)
    return Element(role, label, box)


def _middle_in(inner: Box, outer: Box) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]
