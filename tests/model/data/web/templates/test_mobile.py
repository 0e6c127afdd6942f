"""Screens of telephones and tablets."""

from __future__ import annotations

import re

import pytest

from model.data.web.templates import mobile
from tests.model.data.page_markup import check, check_kind, composer

KINDS = (mobile.entries, mobile.detail, mobile.settings, mobile.chat, mobile.chats, mobile.player,
         mobile.home, mobile.feed, mobile.sign_in, mobile.keypad, mobile.weather, mobile.bank)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_a_whole_document(kind) -> None:
    check_kind(kind)


def test_a_keypad_has_every_key_once_in_order() -> None:
    html = mobile.keypad(composer(width=360, height=640))
    assert re.findall(r'<button style="font-size:1.4em">(.)</button>', html) == list("123456789*0#")


def test_screens_fill_the_height_of_the_telephone() -> None:
    for kind in (mobile.entries, mobile.settings, mobile.chats):
        assert 'class="page" style="height:100vh"' in kind(composer(width=360, height=640))


def test_a_password_is_typed_in_a_password_field() -> None:
    html = mobile.sign_in(composer(width=360, height=640))
    assert 'type="password"' in html
    assert check(html).tags["button"] + check(html).tags["a"] >= 1
