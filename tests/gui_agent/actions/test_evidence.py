"""What is under a target is read back before it is pressed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gui_agent.errors import ActionBlockedError
from gui_agent.locator import Locator
from gui_agent.vision.accessibility_grounder import AccessibilityGrounder
from gui_agent.vision.combined_grounder import CombinedGrounder
from gui_agent.vision.model_grounder import ModelGrounder
from gui_agent.vision.selector import Selector
from gui_agent.vision.text_grounder import TextGrounder
from molmo_act.reading.guarded import GuardedReader
from tests.support.fake_desktop import fake_context
from tests.support.told_screen import WINDOW, ToldModel, ToldReader, ToldScreen, widget

SAVE, OPEN = widget("push button", "Save", 20, 20, 60, 20), widget("push button", "Open", 120, 20, 60, 20)
LINES = {"Save": (30, 22, 40, 14), "Open": (130, 22, 40, 14)}


def context_of(told=None, text=None, model=None):
    """A desktop whose model points at Open, whatever it is asked."""
    pixels = ModelGrounder(ToldModel((150.5, 30.5, 0.99)) if model is None else model)
    context = fake_context()
    context.backend.shown = [replace(WINDOW, client=1)]
    return replace(context, grounder=CombinedGrounder(told, text, pixels))


def pressed(context) -> list[tuple]:
    return [one for one in context.backend.log if one[0] == "button down"]


def click(context, query: str):
    return Locator(context, Selector(query)).click(timeout=0)


def test_a_label_that_contradicts_the_words_refuses_the_click() -> None:
    model = ToldModel((150.5, 30.5, 0.99))
    model.reader = object()  # its points are taken as they are
    text = TextGrounder(GuardedReader(ToldReader(LINES)))
    context = context_of(text=text, model=model)
    with pytest.raises(ActionBlockedError, match="'the Save button' names 'Save', but 'Open' is written at"):
        click(context, "the Save button")
    assert pressed(context) == []
    click(context, "the Open button")
    click(context, "open the file")
    assert len(pressed(context)) == 2
    Locator(context, Selector("the Save button")).hover(timeout=0)  # harmless


def test_by_accessible_names_a_wrong_place_scores_too_little() -> None:
    context = context_of(AccessibilityGrounder(ToldScreen(OPEN)))
    with pytest.raises(ActionBlockedError, match="score"):
        click(context, "the Save button")
    assert pressed(context) == []


def test_a_widget_that_has_moved_is_not_pressed() -> None:
    screen = ToldScreen(SAVE, OPEN)
    context = context_of(AccessibilityGrounder(screen))
    assert click(context, "the Save button").point == (50, 30)
    screen.moved = {"Save"}
    with pytest.raises(Exception, match="moved or was covered"):
        click(context, "the Save button")
    assert len(pressed(context)) == 1
