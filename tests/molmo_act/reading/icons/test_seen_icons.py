"""Icons are told from one another on a screen, and from what is none."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.reading.icons.network import IconNetwork, shapes_of
from molmo_act.reading.icons.seen_icons import SeenIcons
from molmo_act.reading.icons.vocabulary import Concept, Vocabulary
from tests.support.icon_screen import box_at, draw_icons

PLACES = {
    (40, 30): "search",
    (120, 30): "close",
    (200, 30): "menu",
    (40, 100): "arrow-left",
    (120, 100): "arrow-right",
    (200, 100): "plus",
}
ASKED = {
    "search": "magnifying glass",
    "close": "x",
    "menu": "hamburger menu",
    "arrow-left": "left arrow",
    "arrow-right": "right arrow",
    "plus": "plus",
}
COLOURS = [
    ((255, 255, 255), (70, 70, 70)),
    ((36, 41, 60), (240, 240, 240)),
    ((20, 120, 220), (255, 255, 255)),
]


@pytest.fixture(scope="module", params=COLOURS)
def seen(request):
    paper, ink = request.param
    return SeenIcons.look(draw_icons((280, 160), PLACES, paper=paper, ink=ink))


@pytest.mark.parametrize(("place", "name"), PLACES.items())
def test_each_icon_is_found_at_its_place(seen, place, name):
    best = seen.find(ASKED[name])[0]
    x0, y0, x1, y1 = box_at(place)
    assert best.concept == name
    assert x0 <= best.middle[0] < x1
    assert y0 <= best.middle[1] < y1
    assert best.probability > 0.4


@pytest.mark.parametrize("name", ["printer", "trash", "bell", "zebra"])
def test_what_is_not_there_is_unlikely(seen, name):
    assert max((match.probability for match in seen.find(name)), default=0.0) < 0.3


def test_an_icon_and_its_button_are_one_match():
    network = _always("plus")
    boxes = np.array([[10, 10, 30, 30], [5, 5, 35, 35], [60, 10, 80, 30]], np.float64)
    odds = network.probabilities(np.zeros((3, 32, 32), np.float32))
    found = SeenIcons(boxes, odds, network.vocabulary).find("plus")
    assert len(found) == 2
    assert found[0].alike > 0  # of the cross


def test_nothing_to_look_at():
    seen = SeenIcons.look(np.zeros((2, 2, 3), np.uint8))
    assert seen.find("search") == []


def _always(name):
    """A network whose weights are 0 but for one class, so that every shape shows that."""
    vocabulary = Vocabulary((Concept("plus", ("plus",), ("cross",)), Concept("cross", ("cross",))))
    weights = {key: np.zeros(shape, np.float32) for key, shape in shapes_of(3).items()}
    weights["classes.bias"][[concept.name for concept in vocabulary.concepts].index(name)] = 3.0
    return IconNetwork(weights, vocabulary)
