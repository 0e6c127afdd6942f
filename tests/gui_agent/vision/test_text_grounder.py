"""Finding by what is written; the same pixels are read once."""

from __future__ import annotations

import pytest

from gui_agent.vision.text_grounder import TextGrounder, label_at
from molmo_act.reading.guarded import GuardedReader
from tests.support.icon_screen import draw_icons
from tests.support.told_screen import ToldModel, ToldReader, shot

LINES = {"Save": (20, 20, 40, 12), "File Edit": (20, 60, 300, 12), "Don't save": (20, 100, 80, 12)}


def test_a_label_is_found_with_what_was_read() -> None:
    reader = ToldReader(LINES)
    grounder = TextGrounder(GuardedReader(reader))
    [found] = grounder.ground(shot(), "the Save button").likely
    assert found.point == (40, 26)
    assert found.score > 0.6
    assert [(one.source, one.label) for one in found.evidence] == [("text", "Save")]
    assert grounder.ground(shot(), "the Cancel button").all == []
    assert reader.reads == 1, "another screenshot with the same pixels"
    grounder.ground(shot(seed=9), "the Save button")
    assert reader.reads == 2


def test_the_points_of_a_model_with_a_reader_are_fused_already() -> None:
    model = ToldModel((300, 200, 0.8))
    model.reader = object()
    grounder = TextGrounder(GuardedReader(ToldReader(LINES)))
    screen = shot()
    fused = grounder.fused(screen, model.point(screen.to_image(), "the Save button"), model, 0.0)
    assert [match.pixel for match in fused.all] == [(300, 200)]


def test_a_reader_that_fails_leaves_the_model_alone(caplog) -> None:
    class Broken(ToldReader):
        def read(self, image, *, timeout=None):
            raise RuntimeError("no memory")

    grounder = TextGrounder(GuardedReader(Broken({})))
    screen, model = shot(), ToldModel((300, 200, 0.8))
    fused = grounder.fused(screen, model.point(screen.to_image(), "the Save button"), model, 0.0)
    assert [(match.pixel, round(match.score, 3)) for match in fused.all] == [((300, 200), 0.8)]
    assert "no memory" in caplog.text


AT = [((30, 25), "Save"), ((40, 65), "File"), ((250, 65), "Edit"), ((90, 105), "Don't save"), ((5, 5), "")]


@pytest.mark.parametrize(("place", "label"), AT)
def test_what_is_written_at_a_place(place, label) -> None:
    reader = ToldReader(LINES | {"File": (20, 60, 40, 12), "Edit": (230, 60, 40, 12)})
    del reader.lines["File Edit"]
    seen = TextGrounder(GuardedReader(reader)).read(shot())
    assert label_at(seen, *place)[0] == label


def test_an_icon_is_found_by_its_looks() -> None:
    screen = shot()
    icon = draw_icons((400, 300), {(310, 210): "search"})
    screen.bgrx[..., :3] = icon[..., ::-1]
    [found] = TextGrounder(GuardedReader(ToldReader({}))).ground(screen, "the magnifying glass icon").all
    assert found.pixel == pytest.approx((320, 220), abs=2)
    assert [one.source for one in found.evidence] == ["icon"]
    assert found.score > 0.5
