"""Errors are caught by their own names, by DesktopError, and as the built-in ones."""

from __future__ import annotations

import builtins
import inspect

import pytest

from gui_agent import errors
from molmo_act.errors import MolmoActError

CLASSES = [
    one for _, one in inspect.getmembers(errors, inspect.isclass)
    if issubclass(one, errors.DesktopError) and one.__module__ == errors.__name__
]  # fmt: skip


def test_the_drawn_tree_names_every_error() -> None:
    assert len(CLASSES) == 7
    for one in CLASSES:
        assert f"── {one.__name__} " in errors.__doc__


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_is_a_desktop_error_with_candidates(error) -> None:
    raised = error("nothing was done", ["a place"])
    assert isinstance(raised, errors.DesktopError)
    assert isinstance(raised, MolmoActError)
    assert raised.candidates == ("a place",)
    assert str(raised) == "nothing was done"
    assert error("nothing was done").candidates == ()


def test_a_timeout_is_the_built_in_one_too() -> None:
    with pytest.raises(builtins.TimeoutError):
        raise errors.TimeoutError("it did not appear")
