"""Two passes over a screenshot: what the second sees comes back in pixels of the whole."""

from __future__ import annotations

import numpy as np
import pytest

from gui_agent.geometry import Area, ScreenView
from gui_agent.vision.model_grounder import ModelGrounder
from gui_agent.vision.screenshot import Screenshot
from molmo_act.outputs.points import Points

MARK = (225, 16, 32)


class Nearsighted:
    """Finds a red mark exactly on small images, and only roughly on large ones."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def point(self, image, query: str) -> Points:
        self.sizes.append(image.size)
        rows, columns = np.nonzero((np.asarray(image) == MARK).all(axis=-1))
        middles = [[columns.mean() + 0.5, rows.mean() + 0.5]] if len(rows) else []
        if image.width > 600 and middles:
            middles[0][0] += 9
        return Points(xy=middles, score=[0.6] * len(middles), image_size=[image.size], query=query)


def shot_with(x: int, y: int) -> Screenshot:
    bgrx = np.zeros((900, 1200, 4), np.uint8)
    bgrx[y, x, :3] = MARK[::-1]
    return Screenshot(bgrx, ScreenView((1200, 900), Area(-600, 0, 600, 450)), time=0.0)


# In the middle, and in corners, where the neighbourhood is pushed back into the image.
@pytest.mark.parametrize(("x", "y"), [(500, 400), (3, 2), (1199, 899), (1185, 0)])
def test_the_second_pass_is_finer(x: int, y: int) -> None:
    model = Nearsighted()
    [found] = ModelGrounder(model, refine=True).ground(shot_with(x, y), "the mark").all
    assert model.sizes == [(1200, 900), (400, 300)]
    assert found.pixel == (x + 0.5, y + 0.5)
    assert found.point == (x // 2 - 600, y // 2)


def test_the_second_pass_looks_at_a_small_window_as_a_whole() -> None:
    model, shot = Nearsighted(), shot_with(500, 400)
    small, large = Area(-400, 100, 150, 200), Area(-600, 0, 500, 450)
    for windows, size in (
        ([large, small], (300, 400)),  # the topmost
        ([small, large], (400, 300)),  # the topmost is large
        ([Area(-600, 0, 50, 450)], (400, 300)),  # not there
    ):
        model.sizes.clear()
        [found] = ModelGrounder(model, refine=True).ground(shot, "the mark", windows).all
        assert model.sizes == [(1200, 900), size]
        assert found.pixel == (500.5, 400.5)


class Steps:
    """Gives its answers in turn."""

    def __init__(self, *answers) -> None:
        self.answers = iter(answers)

    def point(self, image, query: str) -> Points:
        places = next(self.answers)
        xy, score = [place[:2] for place in places], [place[2] for place in places]
        return Points(xy=xy, score=score, image_size=[image.size], query=query)


ROW = [(300, 400, 0.6), (450, 400, 0.6), (600, 400, 0.6)]
SURE_ROW = [(x, y, 0.8) for x, y, _ in ROW]
BESIDE = [(300, 400, 0.8), (498, 400, 0.8)]
FAR, NEAR, UNLIKELY = (1100, 800, 0.6), (500, 400, 0.6), (520, 410, 0.1)
CLOSER_LOOKS = [
    ([[NEAR], []], [NEAR]),  # the second pass loses it
    ([[NEAR, UNLIKELY], [(10, 20, 0.9)]], [(410, 220, 0.9)]),  # one thing after all
    ([[NEAR], [(10, 20, 0.9), (60, 20, 0.9)]], [(410, 220, 0.9), (460, 220, 0.9)]),  # two after all
    ([[FAR, NEAR], [(350, 250, 0.8)], [(10, 20, 0.9)]], [(1150, 850, 0.8), (410, 220, 0.9)]),  # in turn
    ([ROW, [(200, 150, 0.8), (350, 150, 0.8)], [(50, 200, 0.8), (200, 200, 0.8)]], SURE_ROW),  # overlapping
    # beside the first part in the whole image, and inside of it when looked at closely
    ([[ROW[0], (502, 400, 0.6)], [(200, 150, 0.8), (398, 150, 0.8)], [(98, 200, 0.8)]], BESIDE),
]


@pytest.mark.parametrize(("answers", "expected"), CLOSER_LOOKS)
def test_what_a_closer_look_finds_takes_the_place_of_what_was_there(answers, expected) -> None:
    window = Area(-400, 100, 150, 200)
    matches = ModelGrounder(Steps(*answers), refine=True).ground(shot_with(0, 0), "it", [window])
    assert [(*found.pixel, found.score) for found in matches.all] == [
        pytest.approx(place, abs=1e-3) for place in expected
    ]


def test_one_pass_when_refinement_is_off_or_nothing_is_found() -> None:
    model = Nearsighted()
    [found] = ModelGrounder(model, refine=False).ground(shot_with(500, 400), "the mark").all
    assert found.pixel == (509.5, 400.5)
    blank = Screenshot(
        np.zeros((900, 1200, 4), np.uint8), ScreenView((1200, 900), Area(0, 0, 600, 450)), time=0.0
    )
    assert ModelGrounder(model, refine=True).ground(blank, "the mark").all == []
    assert model.sizes == [(1200, 900)] * 2


@pytest.mark.parametrize(
    ("answers", "around", "expected"),
    [
        ([[], [(10, 20, 0.9)]], [(500, 400)], [(310, 270, 0.9)]),  # the model alone found nothing
        ([[], []], [(500, 400)], []),
        ([[(500, 400, 0.6)], [(20, 30, 0.9)]], [(510, 410)], [(320, 280, 0.9)]),  # one look for one part
        (
            [[(1100, 800, 0.6)], [(350, 250, 0.8)], [(10, 20, 0.9)]],
            [(500, 400)],
            [(1150, 850, 0.8), (310, 270, 0.9)],
        ),
    ],
)
def test_places_that_other_sources_know_are_looked_at_closely(answers, around, expected) -> None:
    matches = ModelGrounder(Steps(*answers), refine=True).ground(shot_with(0, 0), "it", (), around)
    assert [(*found.pixel, found.score) for found in matches.all] == [
        pytest.approx(place, abs=1e-3) for place in expected
    ]
