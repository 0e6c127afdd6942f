"""A model with a reader answers from both, however the image is given; a failing reader changes nothing."""

from __future__ import annotations

import pytest

import molmo_act
from molmo_act.reading.seen import SeenImage
from molmo_act.request import Bounds
from tests.molmo_act.reading.test_guarded import Reader
from tests.support.icon_screen import draw_icons
from tests.support.written_screen import draw_screen, read_line, read_text

SCREEN = draw_screen((320, 240), {"Save": (100, 100)})
TEXT = read_text(read_line("Save", 100, 100), size=(320, 240))


class Always(Reader):
    """Reads the same in every image."""

    def read(self, image, *, timeout=None):
        return TEXT


@pytest.fixture(scope="module")
def model():
    return molmo_act.load(device="cpu", reader=Always())


@pytest.mark.parametrize("encoded", [False, True])
def test_every_way_to_ask(model, encoded):
    image = model.encode(SCREEN) if encoded else SCREEN
    found = model.point(image, "the Save button")
    assert (found.best.x, found.best.y) == (116, 108)
    assert found.best.source in ("text", "both")
    assert found.timing_ms["read"] >= 0
    several = model.point(image, ["Save", "save icon"])
    assert [points.best.source for points in several if len(points)][:1] != ["model"]
    assert model.count(image, "the Save button") == 1


def test_pairs_and_options(model):
    both = model.point([SCREEN, SCREEN], ["Save", "the Save button"], max_points=1)
    assert [(points.best.x, points.best.y) for points in both] == [(116, 108)] * 2
    assert len(model.point(SCREEN, "Save", min_score=1.0)) == 0
    assert len(model.point(SCREEN, "Save", exactly=1)) == 1


def test_exported_models_read_too(nano_onnx):
    exported = molmo_act.load(nano_onnx, reader=Always())
    found = exported.point(SCREEN, "the Save button")
    assert (found.best.x, found.best.y) == (116, 108)
    assert found.best.source in ("text", "both")
    encoded = exported.encode(SCREEN)
    assert exported.point(encoded, "the Save button").xy.tolist() == found.xy.tolist()
    several = exported.point([SCREEN, SCREEN], "the Save button", max_points=1)
    assert [len(points) for points in several] == [1, 1]


def test_what_was_encoded_without_a_reader_is_left_to_the_model():
    plain, reading = molmo_act.load(device="cpu"), molmo_act.load(device="cpu", reader=Always())
    found = reading.point(plain.encode(SCREEN), "the Save button")
    assert set(found.source or ()) <= {"model"}


def test_a_failing_reader_leaves_the_answer_of_the_model(model):
    alone = molmo_act.load(device="cpu").point(SCREEN, "the Save button")
    failing = molmo_act.load(device="cpu", reader=Reader(*[OSError("gone")] * 9))
    found = failing.point(SCREEN, "the Save button")
    assert found.xy.tolist() == alone.xy.tolist()
    assert found.score.tolist() == alone.score.tolist()
    assert set(found.source or ()) <= {"model"}
    assert found.absent == alone.absent


def test_shapes_are_looked_at_once_and_only_for_icons(model):
    screen = draw_icons((320, 240), {(200, 100): "search"})
    encoded = model.encode(screen)
    written = model.point(encoded, "the Send draft button")
    assert "icons" not in written.timing_ms
    first, second = (model.point(encoded, query) for query in ("the search icon", "magnifying glass"))
    assert (first.best.source, second.best.source) == ("icon", "icon")
    assert first.best.x == pytest.approx(210, abs=2)
    assert first.timing_ms["icons"] == second.timing_ms["icons"] > 0


def test_without_opencv_icons_are_left_to_the_model(monkeypatch):
    monkeypatch.setattr("molmo_act.reading.seen.find_spec", lambda name: None)
    seen = SeenImage(draw_icons((320, 240), {(200, 100): "search"}), TEXT, 0.0)
    points = molmo_act.Points(xy=[(5, 5)], score=[0.4], image_size=[(320, 240)], query="the search icon")
    assert seen.fuse(points, Bounds(), None, "nano").source == ("model",)
