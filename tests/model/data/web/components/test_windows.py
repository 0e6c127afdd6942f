"""Windows and dialogs."""

from __future__ import annotations

import re

from model.data.web.components import windows
from tests.model.data.page_markup import check, composer


def test_a_title_bar_has_dots_or_the_three_buttons() -> None:
    kinds = set()
    for seed in range(30):
        html = windows.title_bar(composer(seed), "Report")
        assert ">Report<" in html
        buttons = [name for name in ("minimise", "maximise", "close") if f'data-concept="{name}"' in html]
        kinds.add((len(buttons), 'class="dots"' in html))
        check(html)
    assert kinds == {(3, False), (0, True)}


def test_a_window_holds_what_it_is_given() -> None:
    html = windows.window(composer(), "T", "<p>inside</p>", kind="whole", style="left:3px")
    assert html.startswith('<div class="window whole" style="left:3px">')
    assert html.endswith("<p>inside</p></div>")


def test_a_dialog_fits_its_screen_and_ends_with_buttons() -> None:
    for seed in range(20):
        html = windows.dialog(composer(seed, 300, 500))
        read = check(html)
        assert int(re.search(r"width:(\d+)px", html)[1]) <= 276
        assert read.tags["button"] + read.tags["a"] + read.tags["input"] >= 2
