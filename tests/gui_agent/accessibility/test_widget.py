"""What people call widgets."""

from __future__ import annotations

import pytest

from gui_agent.accessibility.widget import Widget

ROLES = [
    ("push button", "button", True),
    ("button", "button", True),  # what newer at-spi2-core calls it
    ("page tab", "tab", True),
    ("text", "field", False),
    ("label", "text", False),
]


@pytest.mark.parametrize(("role", "kind", "is_pressed"), ROLES)
def test_roles(role: str, kind: str, is_pressed: bool) -> None:
    widget = Widget(role, "Save")
    assert (widget.kinds[0], widget.is_pressed) == (kind, is_pressed)


def test_what_only_holds_others_is_called_nothing() -> None:
    assert Widget("filler", "").kinds == ()
    assert not Widget("panel", "").is_pressed


def test_descriptions_are_other_names() -> None:
    assert Widget("button", "<-", description="Backspace    BackSpace").aliases == ("Backspace", "BackSpace")
    assert Widget("button", "Save").aliases == ()
    assert Widget("button", "+", description="Sum    KP +").aliases == ("Sum", "KP +")


def test_secrets() -> None:
    assert Widget("password text", "").is_secret
    assert not Widget("text", "").is_secret
