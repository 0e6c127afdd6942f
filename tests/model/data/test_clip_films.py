"""Drawn clips as films: what is asked lies where it is drawn, and can be learned from like any film."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.answer_form import AnswerForm
from model.data.encode_film import FilmEncoder
from model.data.sources import open_source
from model.train.nano_config import GEOMETRY, make_processor
from tests.model.train.small_run import make_tokenizer


@pytest.fixture(scope="module")
def films():
    source = open_source("clips", frames=6)
    return [source.read(0, np.random.default_rng(seed)) for seed in range(6)]


def test_the_same_seed_gives_the_same_film(films):
    again = open_source("clips", frames=6).read(3, np.random.default_rng(2))
    np.testing.assert_array_equal(again.video.frames, films[2].video.frames)
    assert [query.text for query in again.queries] == [query.text for query in films[2].queries]


def test_films_are_short_and_of_two_frames_a_second(films):
    for film in films:
        assert 2 <= len(film.video.timestamps) <= 6
        assert set(np.diff(film.video.timestamps)) <= {0.5}
        assert film.video.frames.shape[1:3] == film.video.video_size[::-1]


def test_sightings_lie_within_their_frames(films):
    checked = 0
    for film in films:
        width, height = film.video.video_size
        for query in film.queries:
            for sighting in query.sightings:
                x, y = sighting.point
                assert 0 <= x < width
                assert 0 <= y < height
                assert 0 <= sighting.frame < len(film.video.timestamps)
                checked += 1
    assert checked > 20


def test_tracks_hold_every_moment_and_pointing_one_for_each_thing(films):
    for film in films:
        by_kind = {kind: [q for q in film.queries if q.kind == kind] for kind in ("tracking", "pointing")}
        for track, moments in zip(by_kind["tracking"], by_kind["pointing"], strict=False):
            assert track.text == moments.text
            numbers = {sighting.object_id for sighting in track.sightings}
            assert numbers == set(range(1, len(numbers) + 1))
            assert sorted(sighting.object_id for sighting in moments.sightings) == sorted(numbers)
            assert {(s.frame, s.point) for s in moments.sightings} <= {
                (s.frame, s.point) for s in track.sightings
            }


def test_some_queries_match_nothing(films):
    assert any(not query.sightings and query.kind == "pointing" for film in films for query in film.queries)


def test_they_are_encoded_like_other_films(films):
    tokenizer = make_tokenizer()
    processor = make_processor(tokenizer, GEOMETRY)
    encoder = FilmEncoder(tokenizer, processor.video_processor, processor.layout, AnswerForm())
    tree = encoder.encode(films[0], np.random.default_rng(0), 4)
    assert len(tree.branches) == min(4, len(films[0].queries))
