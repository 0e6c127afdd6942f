"""Pages written by a language model behind an OpenAI-compatible endpoint.

Used only where an address is given.
"""

from __future__ import annotations

import html
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

from model.data.assets.names import icon_concepts
from model.data.errors import CONTROL, SkippedRow
from molmo_act.errors import InputError, PlatformError

KEY_VARIABLE = "MOLMO_ACT_WRITER_KEY"
_SYSTEM = """You write single HTML documents that look like screens of real programs, web sites and phones.
Rules:
- One complete document with all CSS in one <style> element. No scripts, no addresses of other files.
- Real controls: button, a, input with label, select, textarea, h1 to h3, and role="switch", "tab",
  "menuitem", "option" or "treeitem" where they fit. Every control has a visible label of its own or an icon.
- Write an icon as <i data-concept="NAME"></i>; a button that shows only an icon carries data-concept itself
  and is empty: <button data-concept="trash"></button>. NAME is one of: {concepts}.
- Give at least eight controls data-intent="...": what a person who wants it would say without naming its
  label, two or three ways divided by |, such as data-intent="get rid of this message|throw this away".
- Believable words in plain English, nothing offensive, no real brands or persons.
Answer with the document alone."""
_TASK = """Show this: {topic} The viewport has {width} by {height} CSS pixels; fill it, let nothing overlap.
Choose a look of your own: colours, light or dark, font sizes, corners, density. Variation number {seed}."""
_DOCUMENT = re.compile(r"<!doctype html.*?</html>|<html.*?</html>", re.IGNORECASE | re.DOTALL)
_EMPTY_ICON = re.compile(r'(<(\w+)\b[^>]*\bdata-concept="([\w-]+)"[^>]*>)\s*(</\2>)')
_ICON_STYLE = (
    "<style>[data-concept]>svg{width:1.25em;height:1.25em;pointer-events:none;vertical-align:middle}</style>"
)


@dataclass(frozen=True)
class PageAuthor:
    """Asks a language model for pages.

    Args:
        url: Address of the endpoint up to the version, such as "http://localhost:8000/v1".
        model: Its name there.
        timeout: Seconds to wait for an answer.
        key: Sent as a bearer token when there is one; by default what the environment holds.

    Raises:
        InputError: The address is not one of HTTP.
    """

    url: str
    model: str
    timeout: float = 300.0
    key: str = field(default_factory=lambda: os.environ.get(KEY_VARIABLE, ""), repr=False)

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise InputError(
                f"The writer's address is {self.url!r}; expected something like http://localhost:8000/v1."
            )

    def write(self, topic: str, width: int, height: int, *, seed: int, icons: Mapping[str, str]) -> str:
        """Asks for one HTML document.

        Args:
            topic: What it shows, a sentence.
            width: CSS pixels.
            height: CSS pixels.
            seed: Sent along, and part of the task, so that equal topics give different pages.
            icons: Concept → SVG, drawn where the model names a concept.

        Returns:
            The document, with its icons.

        Raises:
            SkippedRow: The answer cannot be used.
            PlatformError: Nothing answers at the address, or the key is refused.
        """
        task = _TASK.format(topic=topic, width=width, height=height, seed=seed)
        system = _SYSTEM.format(concepts=", ".join(icon_concepts()))
        answer = self._ask(
            {
                "model": self.model,
                "messages": [{"role": "system", "content": system}, {"role": "user", "content": task}],
                "temperature": 1.0,
                "seed": seed,
            }
        )
        return _with_icons(_document(answer), icons)

    def _ask(self, body: Mapping[str, object]) -> object:
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(
            f"{self.url.rstrip('/')}/chat/completions", json.dumps(body).encode(), headers
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code in (401, 403, 404):
                raise PlatformError(
                    f"{self.url} answered {error.code} {error.reason}; check the address, the model's name "
                    f"{self.model!r} and the key in {KEY_VARIABLE}."
                ) from error
            raise SkippedRow(f"the writer answered {error.code}") from None
        except TimeoutError:
            raise SkippedRow("the writer took too long") from None
        except urllib.error.URLError as error:
            raise PlatformError(
                f"Nothing answers at {self.url} ({error.reason}); start a server there."
            ) from error
        except (ValueError, OSError):
            raise SkippedRow("the writer's answer is damaged") from None


def _document(answer: object) -> str:
    """The HTML in an answer of the chat protocol."""
    try:
        choice = answer["choices"][0]  # type: ignore[index]
        text, ended = choice["message"]["content"], choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise SkippedRow("the writer's answer is not of the chat protocol") from None
    if ended == "length":
        raise SkippedRow("the writer's answer is cut off")
    found = _DOCUMENT.search(text) if isinstance(text, str) else None
    if found is None:
        raise SkippedRow("the writer's answer holds no document")
    document = found.group(0)
    if "<script" in document.lower():
        raise SkippedRow("the writer's document holds scripts")
    if CONTROL.search(html.unescape(document)):
        raise SkippedRow("text holds control tokens")
    return document


def _with_icons(document: str, icons: Mapping[str, str]) -> str:
    """The document with a drawing in every empty element that names a concept."""

    def drawn(found: re.Match[str]) -> str:
        return found.group(1) + icons.get(found.group(3), "") + found.group(4)

    return _EMPTY_ICON.sub(drawn, document.replace("</head>", f"{_ICON_STYLE}</head>", 1))
