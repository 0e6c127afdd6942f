"""Web pages to work with: dashboards, tables, settings, mail."""

from __future__ import annotations

import pytest

from model.data.web.templates import working
from tests.model.data.page_markup import check, check_kind, composer

KINDS = (working.dashboard, working.records, working.settings, working.web_mail, working.long_form,
         working.notice, working.widgets, working.board)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_a_whole_document(kind) -> None:
    check_kind(kind)


def test_settings_can_be_kept_or_left() -> None:
    for seed in range(5):
        html = working.settings(composer(seed))
        assert "Save changes" in html
        assert "Cancel" in html


def test_mail_shows_the_inbox_as_the_open_folder() -> None:
    for seed in range(5):
        html = working.web_mail(composer(seed))
        assert html.count('class="on"') >= 1
        assert "<span>Inbox</span>" in html.split('class="on"', 1)[1].split("</a>", 1)[0]


def test_larger_windows_show_more_messages() -> None:
    counts = [
        check(working.web_mail(composer(1, *size))).roles["option"] for size in ((900, 620), (2560, 1440))
    ]
    assert counts[0] < counts[1]
