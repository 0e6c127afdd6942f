"""Renders web pages in a headless Chromium and reads what they show."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from model.data.assets.names import concept_label, known_concept
from model.data.screens.elements import Box, Element, ScreenContent
from model.data.web.icon_fonts import Glyph, read_glyph
from molmo_act._optional import import_optional
from molmo_act.errors import PlatformError

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SCRIPT = Path(__file__).with_name("page_elements.js").read_text(encoding="utf-8").split("\n", 1)[1]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")
_NO_ANIMATION = "*, *::before, *::after { animation: none !important; transition: none !important }"
_LOAD_MS = 8000
_SETTLE_MS = 300  # scripts of files lay out menus after the page has loaded


class PageReader:
    """One browser, used again for every document; a context manager.

    Requests that would leave this machine are refused, so a page looks the same with and without a network.
    Besides what browsers know, elements may carry `data-concept`, the icon concept that they show, and
    `data-intent`, what people who want the element say, divided by "|".

    Args:
        width: Pixels of the images.
        height: Pixels of the images.
        scale: Image pixels per CSS pixel.
        trusted: Whether documents name their elements reliably. Then objects of one label are kept, to be
            asked for together, and texts are elements too; else a label that is shown twice is doubtful, and
            glyphs of icon fonts are icons.

    Raises:
        MissingExtraError: Playwright is not installed.
        PlatformError: No Chromium was found, or it did not start.
    """

    def __init__(
        self, width: int = 1280, height: int = 800, scale: float = 1.0, *, trusted: bool = False
    ) -> None:
        sync_api = import_optional("playwright.sync_api", extra="train", purpose="rendering web pages")
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
        self._error, self._trusted = sync_api.Error, trusted
        self._pages: dict[float, Page] = {}  # one for each scale, since a new one takes long
        self.resize(width, height, scale)

    def __enter__(self) -> PageReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def resize(self, width: int, height: int, scale: float = 1.0) -> None:
        """Makes images of another size from now on.

        Args:
            width: Image pixels.
            height: Image pixels.
            scale: Image pixels per CSS pixel.

        Raises:
            PlatformError: The browser has crashed.
        """
        size: Any = {"width": round(width / scale), "height": round(height / scale)}
        self._scale = scale
        try:
            if scale not in self._pages:
                self._pages[scale] = self._new_page(scale)
            self._page.set_viewport_size(size)
        except self._error as error:
            raise PlatformError(
                f"Chromium has no page for {size}: {error.message.splitlines()[0]}"
            ) from error

    def _new_page(self, scale: float) -> Page:
        page = self._browser.new_page(device_scale_factor=scale)
        page.route(lambda url: not url.startswith(("file:", "data:")), lambda route: route.abort())
        page.on("dialog", lambda dialog: dialog.dismiss())
        return page

    @property
    def _page(self) -> Page:
        return self._pages[self._scale]

    def close(self) -> None:
        """Ends the browser."""
        self._browser.close()
        self._playwright.stop()

    def read_file(self, path: Path) -> tuple[bytes, ScreenContent]:
        """Renders an HTML file.

        Args:
            path: The file.

        Returns:
            The screenshot as PNG, and what it shows, in image pixels.

        Raises:
            PlatformError: The browser could not render it.
        """

        def load() -> None:
            self._page.goto(path.resolve().as_uri(), timeout=_LOAD_MS)
            self._page.wait_for_timeout(_SETTLE_MS)

        return self._read(load, str(path))

    def read_html(self, html: str) -> tuple[bytes, ScreenContent]:
        """Renders a document given as text, see `read_file`."""
        return self._read(lambda: self._page.set_content(html, timeout=_LOAD_MS), "a document given as text")

    def _read(self, load: Callable[[], object], name: str) -> tuple[bytes, ScreenContent]:
        try:
            load()
            self._page.add_style_tag(content=_NO_ANIMATION)
            before = self._page.evaluate(_SCRIPT)
            screenshot = self._page.screenshot()
            found = _unmoved(before, self._page.evaluate(_SCRIPT))
        except self._error as error:
            reason = error.message.splitlines()[0]
            raise PlatformError(f"Chromium could not render {name}: {reason}") from error
        shown = _read_trusted if self._trusted else _read_doubting
        return screenshot, shown(_scaled(found, self._scale))


def find_browser() -> str:
    """Finds an installed Chromium or Chrome.

    Returns:
        Its path.

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
    glyphs = [
        [whole and [whole, classes, box] in after["glyphs"], classes, box]
        for whole, classes, box in before["glyphs"]
    ]
    return {**stayed, "glyphs": glyphs, "doubtful": before["doubtful"] + after["doubtful"] + moved}


@dataclass(frozen=True)
class _Found:
    """What the script returned, in image pixels.

    Attributes:
        elements: As they are to be seen.
        texts: (text, box) of every line.
        alone: Those of them that are short and no part of a longer text.
        doubtful: Labels in lower case.
        glyphs: Of icon fonts, where documents use them, with their boxes; None for what is not wholly seen.
    """

    elements: list[Element]
    texts: list[tuple[str, Box]]
    alone: list[tuple[str, Box]]
    doubtful: set[str]
    glyphs: list[tuple[Glyph, Box | None]]


def _scaled(found: dict, scale: float) -> _Found:
    """What the script returned, in image pixels, without icons that have no name."""

    def scaled(box: list[float]) -> Box:
        x0, y0, x1, y1 = (edge * scale for edge in box)
        return x0, y0, x1, y1

    elements = [
        _element(role, label, scaled(box), intents)
        for role, intents, label, box in found["elements"]
        if role != "icon" or known_concept(label)
    ]
    texts = [(text, scaled(box)) for _, text, box in found["texts"]]
    alone = [
        (text, scaled(box))
        for single, text, box in found["texts"]
        if single and _SHORTEST <= len(text) <= _LONGEST
    ]
    glyphs = [
        (glyph, scaled(box) if whole else None)
        for whole, classes, box in found["glyphs"]
        if (glyph := read_glyph(classes)) is not None
    ]
    return _Found(elements, texts, alone, {text.casefold() for text in found["doubtful"]}, glyphs)


def _read_doubting(found: _Found) -> ScreenContent:
    """A label shown twice becomes one nobody asks about."""
    elements, doubtful = found.elements, found.doubtful
    count = Counter(element.label.casefold() for element in elements)
    outside = {
        text.casefold()
        for text, box in found.texts
        if not any(_middle_in(box, e.box) for e in elements if e.label.casefold() == text.casefold())
        and not any(e.label.casefold() == text.casefold() and e.role in _LABELLED_BESIDE for e in elements)
    }
    unclear = {label for label in count if count[label] > 1 or label in outside or label in doubtful}
    clear = [element for element in elements if element.label.casefold() not in unclear]
    icons, resembled = _clear_icons(found.glyphs)
    return ScreenContent((*clear, *icons), tuple(found.texts), frozenset(unclear | doubtful | resembled))


def _clear_icons(glyphs: list[tuple[Glyph, Box | None]]) -> tuple[list[Element], set[str]]:
    """Icons that nothing else looks like, and what all others might be called."""
    count = Counter(concept for glyph, _ in glyphs for concept in glyph.resembles)
    icons, others = [], set()
    for glyph, box in glyphs:
        if glyph.concept is not None and box is not None and count[glyph.concept] == 1:
            icons.append(Element("icon", glyph.concept, box))
        else:
            others.add(f"{glyph.name.replace('-', ' ')} icon")
            others |= {f"{concept_label(concept)} icon" for concept in glyph.resembles}
    return icons, others


def _read_trusted(found: _Found) -> ScreenContent:
    """All elements, short texts among them, and the icons that the browser draws in its own controls."""
    elements = found.elements
    named = {e.label.casefold().rstrip(":*") for e in elements if e.role in _LABELLED_BESIDE}
    free = [
        Element("text", text, box)
        for text, box in found.alone
        if text.casefold().rstrip(":* ") not in named
        and not any(_middle_in(box, e.box) and (e.role != "item" or e.label == text) for e in elements)
    ]
    roles = {element.role for element in elements}
    drawn = {concept for role, concepts in _DRAWN_BY_BROWSER.items() if role in roles for concept in concepts}
    return ScreenContent((*elements, *free), tuple(found.texts), frozenset(found.doubtful | drawn))


_LABELLED_BESIDE = ("field", "dropdown", "slider", "checkbox", "radio", "toggle")
_SHORTEST, _LONGEST = 3, 30  # letters of a text that is worth asking for
_DRAWN_BY_BROWSER = {
    **{
        "dropdown": ("chevron-down", "chevron-up", "arrow-down"),
        "checkbox": ("check", "close"),
        "toggle": ("check",),
    },
    "search": ("close", "cancel-circle"),
}


def _element(role: str, label: str, box: Box, intents: list[str]) -> Element:
    label = label.rstrip(":*… ").removesuffix("...")
    if role == "field" and label.casefold().startswith("search"):
        role, label = "search", "Search"
    return Element(role, label, box, tuple(intents))


def _middle_in(inner: Box, outer: Box) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]
