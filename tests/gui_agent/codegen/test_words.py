"""Words are kept that the model finds at the place, and there alone."""

from __future__ import annotations

from typing import ClassVar

import pytest

from gui_agent.accessibility.widget import Widget
from gui_agent.codegen.words import COMMON, Look, candidates, words_for
from gui_agent.geometry import Area
from gui_agent.vision.model_grounder import ModelGrounder
from tests.support.blob_model import RGB, BlobFinder
from tests.support.fake_desktop import fake_context

RED, GREEN = "#e01020", "#10a040"


class Namer(BlobFinder):
    """Understands a few words, each as a colour."""

    meant: ClassVar = {"the Save button": RED, "the OK button": GREEN, "the Close button": RED}

    def places(self, pixels, query):
        colour = self.meant.get(query, query)
        return super().places(pixels, colour) if colour in RGB or colour.startswith("#") else []


@pytest.fixture
def shot():
    """Two red things and a green one, a window around one of the red ones."""
    context = fake_context()
    context.screen.paint(RED, 20, 20)
    context.screen.paint(RED, 220, 120)
    context.screen.paint(GREEN, 120, 200, 60, 20)
    return context.screen.take()


def named(look: Look, model=None, **options) -> str | None:
    return words_for(look, ModelGrounder(Namer() if model is None else model), 0.6, **options)


def test_words_that_find_the_place(shot) -> None:
    assert named(Look(shot, (125, 203))) == "the OK button"  # anywhere in its box
    assert named(Look(shot, (40, 30))) is None  # two match
    in_window = Look(shot, (40, 30), area=Area(0, 0, 150, 100))
    assert named(in_window) == "the Save button"
    assert named(Look(shot, (300, 20))) is None
    assert named(Look(shot, (125, 203)), Namer(score=0.5)) is None
    assert named(Look(shot, (125, 203)), goes_on=lambda: False) is None
    assert named(Look(shot, (125, 203)), more=[GREEN]) == GREEN  # somebody's own words come first
    widget = Widget("push button", "OK")
    assert named(Look(shot, (125, 203), widget=widget), more=[GREEN]) == "the OK button"


def test_what_a_program_says_comes_first() -> None:
    found = list(candidates(Widget("check box", "Wrap lines"), ["my box"]))
    assert found[0] == "the Wrap lines checkbox"
    assert found.index("Wrap lines") < found.index("the checkbox") < found.index("my box")
    assert found[-1] == COMMON[-1]
    assert len(set(found)) == len(found)
    assert list(candidates(None)) == list(COMMON)
    assert next(candidates(Widget("filler", ""))) == COMMON[0]
    assert Widget("password text", "").is_secret


def test_each_image_is_encoded_once(shot) -> None:
    class Encoder(Namer):
        encoded = 0

        def encode(self, image):
            self.encoded += 1
            return image

    model = Encoder()
    assert named(Look(shot, (300, 20)), model) is None
    assert model.encoded == 1
    assert model.looks == len(COMMON)
