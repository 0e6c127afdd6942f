"""Desktop programs around files and settings."""

from __future__ import annotations

import re

import pytest

from model.data.web.templates import desktop
from tests.model.data.page_markup import check, check_kind, composer

KINDS = (desktop.files, desktop.mail, desktop.preferences, desktop.player, desktop.alone, desktop.assistant,
         desktop.open_menu, desktop.calculator, desktop.calendar)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_a_whole_document(kind) -> None:
    check_kind(kind)


def test_a_calculator_has_every_key_once() -> None:
    keys = re.findall(r'<button class="b">([^<]+)</button>', desktop.calculator(composer()))
    assert sorted(keys) == sorted([*"0123456789./x-+=C", "MC", "MR", "M+"])


def test_an_open_menu_is_one() -> None:
    for seed in range(5):
        read = check(desktop.open_menu(composer(seed)))
        assert "menu" in read.roles
        assert read.roles["menuitem"] >= 4
