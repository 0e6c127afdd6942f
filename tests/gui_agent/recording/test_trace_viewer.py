"""The page of a trace: every step is on it, and what it holds is escaped."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from gui_agent.recording.trace_viewer import render_page

PLACE = {"point": [40, 30], "score": 0.9}
DONE = {
    "step": 1, "action": "click",
    "targets": [{"query": "Save & <close>", "region": {"window": "Files"}, "index": 1}],
    "arguments": {"button": "left", "modifiers": ["ctrl"], "text": "Ünal <b>"}, "chosen": [PLACE],
    "candidates": [[PLACE, {"point": [5, 6], "score": 0.125}]], "effect": "changed", "seconds": 1.234,
    "model_seconds": 0.5, "image": "0001.png",
}  # fmt: skip
FAILED = {
    "step": 2, "action": "expect", "targets": [{"query": "x"}], "arguments": {}, "error": "TimeoutError",
    "message": "'x' did not appear within 5 s.", "chosen": [], "candidates": [], "seconds": 5.0,
}  # fmt: skip


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("</style>")[1]).split())


def test_a_step_with_everything() -> None:
    page = render_page([DONE])
    assert html.unescape(text_of(page)) == (
        'Run of 1 steps 1. click changed button="left", modifiers=["ctrl"], text="Ünal <b>" '
        "“Save & <close>” (region {'window': 'Files'}, index 1) "
        "at (40, 30) 0.90, of 2: (40, 30) 0.90, (5, 6) 0.12 1.23 s, of these 0.50 s the model"
    )
    assert '<p class="changed">' in page
    assert '<a href="0001.png"><img src="0001.png" loading="lazy" alt="before"></a>' in page
    assert "figcaption>" not in page


def test_a_step_with_what_came_of_it() -> None:
    page = render_page([DONE | {"image_after": "0001_after.png"}])
    assert re.findall(r"<figcaption>(\w+)</figcaption><a href=\"([\w.]+)\"", page) == [
        ("before", "0001.png"),
        ("after", "0001_after.png"),
    ]


def test_a_step_that_failed_has_its_message_and_no_image() -> None:
    page = render_page([DONE, FAILED])
    assert page.count("<section>") == 2
    assert (
        '<p class="error">TimeoutError</p><p class="message">&#39;x&#39; did not appear within 5 s.</p>'
        in page
    )
    assert page.count("<img") == 1
    assert "0.00 s the model" in text_of(page)


def test_what_a_trace_holds_becomes_no_markup() -> None:
    evil = '"><script>alert(1)</script>'
    page = render_page([DONE | {"action": evil, "image": evil, "effect": evil, "targets": [{"query": evil}]}])
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append(tag)
    parser.feed(page)
    assert "script" not in tags
    assert tags.count("img") == 1


def test_a_run_without_steps() -> None:
    assert text_of(render_page([])) == "Run of 0 steps"
