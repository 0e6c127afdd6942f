"""One moment of the screen: where regions are, and that each question is asked once."""

from __future__ import annotations

import pytest

from gui_agent.errors import Ambiguous, NotFound
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.model_grounder import ModelGrounder
from gui_agent.vision.regions import Monitor, Window
from gui_agent.vision.snapshot import Snapshot
from molmo_act.errors import InputError, PlatformError
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import fake_context

RED = "#e01020"


@pytest.fixture
def context():
    made = fake_context()
    made.screen.paint(RED, 20, 20)
    made.screen.paint(RED, 200, 100)
    made.backend.shown = [
        WindowInfo(1, "Files", Area(0, 0, 100, 100), None),
        WindowInfo(2, "Notes", Area(150, 50, 150, 150), None),
    ]
    return made


def test_the_model_is_asked_each_question_once(context) -> None:
    snapshot = context.current_snapshot()
    whole = snapshot.ground(RED)
    assert snapshot.ground(RED) is whole
    assert context.grounder.model.looks == 1
    snapshot.ground(RED, Monitor(1))
    assert context.grounder.model.looks == 2
    assert snapshot.model_seconds >= whole.model_seconds > 0
    assert context.screen.taken == 1


REGIONS = [
    (None, [(40, 30), (220, 110)]),
    (Monitor(1), [(40, 30), (220, 110)]),
    (Area(150, 0, 170, 240), [(220, 110)]),
    (Window("files"), [(40, 30)]),
    (Window("Notes"), [(220, 110)]),
]


@pytest.mark.parametrize(("region", "points"), REGIONS)
def test_regions(context, region, points) -> None:
    assert [match.point for match in context.current_snapshot().ground(RED, region).all] == points


def test_regions_that_are_none(context) -> None:
    snapshot = context.current_snapshot()
    with pytest.raises(NotFound, match="No window titled 'Mail' is"):
        snapshot.ground(RED, Window("Mail"))
    with pytest.raises(Ambiguous, match="2 windows titled 'es'"):
        snapshot.area(Window("es"))
    with pytest.raises(InputError, match="no monitor 7"):
        snapshot.area(Monitor(7))
    with pytest.raises(InputError, match="off screen"):
        snapshot.ground(RED, Area(500, 0, 10, 10))
    assert context.grounder.model.looks == 0


def test_windows_are_asked_for_once(context) -> None:
    snapshot = context.current_snapshot()
    assert snapshot.window(Window("Files")).id == 1
    context.backend.shown = []
    assert snapshot.area(Window("Files")) == Area(0, 0, 100, 100)


class NotingGrounder(ModelGrounder):
    windows: object = None

    def ground(self, shot, query, windows=()):
        self.windows = windows
        return super().ground(shot, query)


def test_windows_are_asked_for_only_where_the_model_looks_twice(context) -> None:
    def windows_given(refine: bool):
        grounder = NotingGrounder(BlobFinder(), refine=refine)
        Snapshot(grounder, context.screen.capture(), context.backend).ground(RED)
        return grounder.windows

    assert windows_given(refine=False) == ()
    assert windows_given(refine=True) == (Area(0, 0, 100, 100), Area(150, 50, 150, 150))
    context.backend.shown = None  # windows cannot be told apart here
    assert windows_given(refine=True) == ()
    with pytest.raises(PlatformError):
        context.current_snapshot().window(Window("Files"))
